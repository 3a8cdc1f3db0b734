package paxostest

import (
	"fmt"
	"maps"
	"net/http"
	"time"
)

// maxQueued caps how many requests one call of the control API can make fail.
const maxQueued = 10_000

// A faultForm is a Fault as a person writes it. Durations are text like "2s".
type faultForm struct {
	Endpoint  Endpoint          `json:"endpoint"`
	Times     int               `json:"times"` // how many requests fail; zero: all until healed
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

// validate says what the form must not ask for.
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

// fault makes the Fault that the form describes.
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

// parsePause reads a duration that may be left out.
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

// controlFault injects a fault.
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

// controlHeal forgets every fault.
func (s *Server) controlHeal(w http.ResponseWriter, _ *http.Request) {
	s.Heal()
	w.WriteHeader(http.StatusNoContent)
}
