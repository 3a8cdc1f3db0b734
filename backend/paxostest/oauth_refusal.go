package paxostest

import (
	"net/http"

	"github.com/ory/fosite"
)

// An oauthRefusal is an error of the OAuth server in the form of Hydra 1.8: the description has the
// hint after a blank line, and error_verbose is the description without it.
type oauthRefusal struct {
	Code        string `json:"error"`
	Verbose     string `json:"error_verbose"`
	Description string `json:"error_description"`
	Hint        string `json:"error_hint,omitempty"`
	Status      int    `json:"status_code"`
}

// refuseOAuth answers an error of fosite, whose own form is that of a newer version.
func refuseOAuth(w http.ResponseWriter, err error) {
	known := fosite.ErrorToRFC6749Error(err)
	refusal := oauthRefusal{Code: known.ErrorField, Verbose: known.DescriptionField,
		Description: known.DescriptionField, Hint: known.HintField, Status: known.CodeField}
	if refusal.Hint != "" {
		refusal.Description += "\n\n" + refusal.Hint
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	writeBody(w, refusal.Status, "application/json;charset=UTF-8", refusal)
}

// postOnly answers methods other than POST as the router of Hydra does, before fosite sees them.
func postOnly(work http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", "OPTIONS, POST")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		work(w, r)
	}
}
