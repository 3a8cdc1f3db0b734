package paxostest

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

// maxQueued is how many requests one call of the control API can make fail at most.
const maxQueued = 10_000

// A faultForm is a Fault as the control API takes it. Durations are text like "2s".
type faultForm struct {
	Endpoint  Endpoint          `json:"endpoint"`
	Times     int               `json:"times"` // how many requests fail; 0: all until healed
	Status    int               `json:"status"`
	Body      string            `json:"body"`
	Headers   map[string]string `json:"headers"`
	Delay     string            `json:"delay"`
	Hang      bool              `json:"hang"`
	Drop      bool              `json:"drop"`
	DropReply bool              `json:"drop_reply"`
	Truncate  bool              `json:"truncate"`
	Drip      string            `json:"drip"`
	Redirect  string            `json:"redirect"`
	Set       map[string]any    `json:"set"` // members to set in the JSON reply; null removes one
}

// validate returns an error that names the member which is wrong.
func (f faultForm) validate() error {
	if !f.Endpoint.known() {
		return fmt.Errorf("endpoint %q is unknown; there are %s, %s, %s, %s, %s and %s", f.Endpoint,
			Discovery, TokenEndpoint, Revoke, ListCredentials, DeleteCredentials, Operations)
	}
	if f.Times < 0 || f.Times > maxQueued {
		return fmt.Errorf("times %d is not between 0 and %d", f.Times, maxQueued)
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status %d is not between 200 and 599", f.Status)
	}
	return nil
}

// fault returns the Fault that the form describes.
func (f faultForm) fault() (Fault, error) {
	if err := f.validate(); err != nil {
		return Fault{}, err
	}
	delay, err := parsePause(f.Delay)
	if err != nil {
		return Fault{}, fmt.Errorf("delay: %w", err)
	}
	drip, err := parsePause(f.Drip)
	if err != nil {
		return Fault{}, fmt.Errorf("drip: %w", err)
	}
	made := Fault{
		Status: f.Status, Body: f.Body, Delay: delay, Hang: f.Hang, Drop: f.Drop, DropReply: f.DropReply,
		Truncate: f.Truncate, Drip: drip, Redirect: f.Redirect, Header: http.Header{},
	}
	for name, value := range f.Headers {
		made.Header.Set(name, value)
	}
	if f.Set != nil {
		made.Rewrite = func(object map[string]any) {
			maps.Copy(object, f.Set)
			maps.DeleteFunc(object, func(_ string, value any) bool { return value == nil })
		}
	}
	return made, nil
}

// parsePause reads a duration, which must not be negative. An empty text is 0.
func parsePause(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	pause, err := time.ParseDuration(text)
	if err == nil && pause < 0 {
		err = fmt.Errorf("%q is negative", text)
	}
	return pause, err
}

// controlFault makes requests fail as the form says.
func (s *Server) controlFault(w http.ResponseWriter, r *http.Request) {
	var form faultForm
	if !decodeControl(w, r, &form) {
		return
	}
	fault, err := form.fault()
	if err != nil {
		newProblem(http.StatusBadRequest, err.Error()).write(w)
		return
	}
	if form.Times == 0 {
		s.FailAll(form.Endpoint, fault)
	}
	for range form.Times {
		s.FailNext(form.Endpoint, fault)
	}
	w.WriteHeader(http.StatusNoContent)
}

// controlHeal removes every fault.
func (s *Server) controlHeal(w http.ResponseWriter, _ *http.Request) {
	s.Heal()
	w.WriteHeader(http.StatusNoContent)
}
