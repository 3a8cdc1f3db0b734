package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/hashicorp/vault/api"
)

// A part is a part of the page that is read from one path, or from several with a common beginning.
type part struct {
	what         string // as the page names it
	path         string // below the mount, as a policy names it
	capabilities []string
}

// The parts of the page, and what a token needs to read them.
var (
	privilegePart  = part{"the report", "report/least-privilege", []string{"read"}}
	driftPart      = part{"credentials at Paxos, and what changed there", "report/drift", []string{"read"}}
	statusPart     = part{"environment, version and state of the mount", "status", []string{"read"}}
	lockdownPart   = part{"since when and why the mount is in lockdown", "lockdown", []string{"read", "sudo"}}
	guardrailsPart = part{"guardrails", "config/guardrails", []string{"read", "sudo"}}
	rolesPart      = part{"owners and active tokens of roles", "roles/*", []string{"list", "read"}}
	clientsPart    = part{"purpose, state and holders of clients", "clients/*", []string{"read"}}
	exceptionsPart = part{"exceptions that accept no finding now", "exceptions/*", []string{"list", "read", "sudo"}}
)

// A gap is a part of the page that Vault did not answer.
type gap struct {
	Part   string `json:"part"`
	Policy string `json:"policy"` // what the policy of the Vault token lacks; empty if it is not the policy
	Reason string `json:"reason"` // what Vault says
}

// policy is the rule of a Vault policy that allows to read the part.
func (p part) policy(mount string) string {
	return fmt.Sprintf("path %q { capabilities = [%s] }", mount+"/"+p.path,
		`"`+strings.Join(p.capabilities, `", "`)+`"`)
}

// needed returns the error of a part without which there is no report.
func (p part) needed(mount string, err error, why string) error {
	if !denied(err) {
		return err
	}
	return fmt.Errorf("%w\nThis path is required: %s. Your Vault token must be valid, and its policies need:\n  %s",
		err, why, p.policy(mount))
}

// A reader reads paths of a mount.
type reader struct {
	ctx   context.Context
	vault *api.Client
	mount *mount
}

// errNothing reports that Vault has nothing at a path.
var errNothing = errors.New("nothing is there; check -mount, and that the plugin is as recent as paxos-report")

// isNothing reports whether an error says that Vault has nothing at a path.
func isNothing(err error) bool { return errors.Is(err, errNothing) }

// read reads a path of the mount into a value, and notes the warnings of Vault.
func (r *reader) read(path string, query map[string][]string, into any) error {
	path = r.mount.Mount + "/" + path
	secret, err := r.vault.Logical().ReadWithDataWithContext(r.ctx, path, query)
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", path, err)
	case secret == nil || secret.Data == nil:
		return fmt.Errorf("reading %s: %w", path, errNothing)
	}
	for _, warning := range secret.Warnings {
		r.mount.Notes = append(r.mount.Notes, "Vault says: "+warning)
	}
	data := secret.Data
	if path == r.mount.Mount+"/"+privilegePart.path {
		delete(data, "roles") // a number; the roles are read one by one
	}
	text, err := json.Marshal(data)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("reading %s: the answer does not have the form that this version of paxos-report expects: %w",
			path, err)
	}
	return nil
}

// optional reads a part into a value, or notes a gap.
func optional[T any](r *reader, p part, into **T) error {
	value := new(T)
	err := r.read(p.path, nil, value)
	if err == nil {
		*into = value
	}
	return r.orGap(p, err)
}

// orGap notes a gap if Vault refused to answer. If Vault did not answer at all, it returns the error.
func (r *reader) orGap(p part, err error) error {
	if err == nil {
		return nil
	}
	if !answered(err) {
		return err
	}
	r.gap(p, err)
	return nil
}

// gap notes a part that Vault did not answer.
func (r *reader) gap(p part, err error) {
	one := gap{Part: p.what, Reason: words(err)}
	if denied(err) {
		one.Policy = p.policy(r.mount.Mount)
	}
	r.mount.Gaps = append(r.mount.Gaps, one)
}

// denied reports whether an error says that Vault's policies deny a read.
func denied(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusForbidden
}

// answered reports whether an error is an answer of Vault, so that other paths may answer well.
func answered(err error) bool {
	var answer *api.ResponseError
	return isNothing(err) || errors.As(err, &answer)
}

// listOfErrors is what Vault puts around the errors of a plugin.
var listOfErrors = regexp.MustCompile(`(?m)^(\d+ errors? occurred:|\s*\* )`)

// withoutLogin returns an address without the name and the password that it may have for a proxy.
func withoutLogin(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.User == nil {
		return address
	}
	parsed.User = nil
	return parsed.String()
}

// said returns the text of an error. Vault's API package writes the whole address into it.
func said(err error) string {
	var answer *api.ResponseError
	text := err.Error()
	if errors.As(err, &answer) {
		text = strings.ReplaceAll(text, answer.URL, withoutLogin(answer.URL))
	}
	return text
}

// words returns what Vault says in an error, as one line.
func words(err error) string {
	var answer *api.ResponseError
	text := said(err)
	if errors.As(err, &answer) && len(answer.Errors) > 0 {
		text = strings.Join(answer.Errors, " ")
	}
	return strings.Join(strings.Fields(listOfErrors.ReplaceAllString(text, " ")), " ")
}
