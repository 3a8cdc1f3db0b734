package backend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/vault/sdk/logical"

	"vault-plugin-secrets-paxos/backend/backendtest"
	"vault-plugin-secrets-paxos/backend/paxostest"
)

func TestAListThatTheAPIForbidsIsAFinding(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 403})
	if got := m.compare(); got["may_list"] != "no" || fmt.Sprint(rules(got)) != "[low listing-refused report/drift]" {
		t.Errorf("may_list is %v, found are %s", got["may_list"], rules(got))
	}
}

func TestDriftComparesHourlyOnceTheRootMayList(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	lists := func() int { return m.Paxos.Calls(paxostest.ListCredentials) }
	mints := func() int { return m.Paxos.Calls(paxostest.TokenEndpoint) }
	before := mints()
	for range 3 {
		m.Clock.Advance(time.Hour)
		m.Tick()
	}
	if mints() != before {
		t.Fatal("a root of which nobody knows that it may list was tried")
	}
	m.compare()
	m.Tick()
	if lists() != 1 {
		t.Errorf("within the hour there were %d lists", lists())
	}
	m.Clock.Advance(time.Hour)
	m.Tick()
	m.Tick()
	if lists() != 2 {
		t.Errorf("after an hour there were %d lists", lists())
	}
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) { c.Scopes = backendtest.RootScopes })
	m.Clock.Advance(time.Hour)
	before = mints()
	m.Tick()
	m.Clock.Advance(time.Minute)
	m.Tick()
	if got := mints() - before; got != 1 || m.report("drift")["may_list"] != "no" {
		t.Errorf("after a refusal there were %d tries, may_list is %v", got, m.report("drift")["may_list"])
	}
	m.EditClient(m.Client.ClientID, func(c *paxostest.Credential) {
		c.Scopes = append(slices.Clone(backendtest.RootScopes), backendtest.ListScope)
	})
	m.Clock.Advance(time.Hour)
	m.Tick()
	if m.report("drift")["may_list"] != "yes" {
		t.Error("an hour after the refusal it is not tried again")
	}
	before = mints()
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	m.Clock.Advance(time.Hour)
	m.Tick()
	m.Clock.Advance(time.Minute)
	m.Tick()
	if got := mints() - before; got != 1 {
		t.Errorf("while Paxos is unwell there were %d tries", got)
	}
	m.Paxos.Heal()
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.Clock.Advance(time.Hour)
	before = mints()
	m.Tick()
	if mints() != before {
		t.Error("it was compared in a lockdown")
	}
}

func TestAProbeThatMayListStartsTheComparisons(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	m.Must(logical.UpdateOperation, "probe", nil)
	m.Tick()
	if got := m.report("drift")["may_list"]; got != "yes" {
		t.Errorf("after the first tick may_list is %v", got)
	}
}

func TestAComparisonThatFailsLeavesTheLastOne(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	before := m.compare()
	m.Clock.Advance(time.Minute)
	m.Paxos.FailAll(paxostest.ListCredentials, paxostest.Fault{Status: 503})
	if status, text := m.Refused(logical.ReadOperation, "report/drift",
		map[string]any{"refresh": true}); status != 502 {
		t.Errorf("answered %d %s", status, text)
	}
	if status, text := m.Refused(logical.ReadOperation, "report/drift",
		map[string]any{"refresh": true}); status != 429 || !strings.Contains(text, "Retry in 1m0s") {
		t.Errorf("once more: %d %s", status, text)
	}
	if got := m.report("drift"); fmt.Sprint(got) != fmt.Sprint(before) {
		t.Errorf("the last one was %v, is %v", before, got)
	}
	m.Paxos.Heal()
	m.compare()
	m.Must(logical.UpdateOperation, "lockdown", nil)
	m.Clock.Advance(time.Minute)
	if status, text := m.Refused(logical.ReadOperation, "report/drift",
		map[string]any{"refresh": true}); status != 403 {
		t.Errorf("in a lockdown: %d %s", status, text)
	}
	if status, text := m.Refused(logical.ReadOperation, "report/drift",
		map[string]any{"severity": "dire"}); status != 400 || !strings.Contains(text, "severity must be high") {
		t.Errorf("a severity that is none: %d %s", status, text)
	}
}

func TestLabelsAreHarmless(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	hostile := "vault-<script>alert(1)</script>\x1b[31m\u202e'; rm -rf / #\n\x00" + strings.Repeat("x", 1000)
	stranger, _, err := m.Paxos.CreateCredential(paxostest.Credential{
		Nickname: hostile, Scopes: []string{"funding:read_profile", "$(reboot)\x07:x"}, ClientID: "id';reboot;'",
	})
	if err != nil {
		t.Fatal(err)
	}
	report := m.compare()
	text := fmt.Sprint(report)
	for _, bad := range []string{"\x1b", "\u202e", "\n\x00", "\x07", strings.Repeat("x", 200)} {
		if strings.Contains(text, bad) {
			t.Errorf("the report holds %q", bad)
		}
	}
	if !strings.Contains(text, "<script>") {
		t.Error("the Label is not shown at all")
	}
	for _, f := range report["findings"].([]any) {
		fix := fmt.Sprint(f.(map[string]any)["fix"], f.(map[string]any)["suggestion"])
		if strings.Contains(fix, "script") || strings.Contains(fix, "reboot") ||
			strings.Contains(fix, stranger.ClientID) {
			t.Errorf("a fix holds what the Dashboard does: %q", fix)
		}
	}
	if strings.Contains(m.Log.String(), "script") {
		t.Error("the log holds the Label")
	}
}

func TestALongListIsCutAndSaysSo(t *testing.T) {
	t.Parallel()
	m := newListingMount(t)
	for page := range 31 {
		item := map[string]any{"client_id": fmt.Sprintf("client-%d", page), "status": "APPROVED",
			"client_scopes": []string{}}
		next := "more"
		if page == 30 {
			item["client_id"], next = m.Client.ClientID, ""
		}
		for j := range 255 {
			item["client_scopes"] = append(item["client_scopes"].([]string),
				fmt.Sprintf("a%d:%s", j, strings.Repeat("b", 100)))
		}
		body, err := json.Marshal(map[string]any{"items": []any{item}, "next_page_cursor": next})
		if err != nil {
			t.Fatal(err)
		}
		m.Paxos.FailNext(paxostest.ListCredentials, paxostest.Fault{Body: string(body)})
	}
	report := m.compare()
	credentials := report["credentials"].([]any)
	if first := credentials[0].(map[string]any); first["known_as"] != "root" {
		t.Errorf("the first that is kept is %v", first["client_id"])
	}
	if left := report["left_out"].(float64); left == 0 || int(left)+len(credentials) != 31 ||
		finding(report, "list-too-long", "credentials") == nil {
		t.Errorf("%v were left out, %d kept", left, len(credentials))
	}
}
