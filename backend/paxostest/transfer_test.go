package paxostest

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestListProfiles checks that the customer has one profile.
func TestListProfiles(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("funding:read_profile")
	a := h.call(h.requestToken(id, secret, "funding:read_profile"), http.MethodGet, "/v2/profiles", "")
	h.wantStatus(a, http.StatusOK)
	if items, _ := a.object(t)["items"].([]any); len(items) != 1 {
		t.Errorf("profiles %s", a.body)
	}
}

// TestCryptoWithdrawal checks that one transfer is created per ref_id, and that it can be read.
func TestCryptoWithdrawal(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("transfer:write_crypto_withdrawal", "transfer:read_transfer")
	accessToken := h.requestToken(id, secret, "transfer:write_crypto_withdrawal", "transfer:read_transfer")
	const path = "/v2/transfer/crypto-withdrawals"
	const body = `{"ref_id":"order-1","amount":"5","asset":"USDP","unknown":true}`

	made := h.call(accessToken, http.MethodPost, path, body)
	h.wantStatus(made, http.StatusOK)
	repeated := h.call(accessToken, http.MethodPost, path, body)
	h.wantStatus(repeated, http.StatusConflict)
	meta, _ := repeated.object(t)["meta"].(map[string]any)
	existing, _ := meta["existing"].(map[string]any)
	if existing["id"] != made.object(t)["id"] {
		t.Errorf("the conflict does not name what exists: %s", repeated.body)
	}

	read := h.call(accessToken, http.MethodGet, "/v2/transfer/transfers/"+made.object(t)["id"].(string), "")
	if read.status != http.StatusOK || read.body != made.body {
		t.Errorf("read %d %s, made %s", read.status, read.body, made.body)
	}
	h.wantStatus(h.call(accessToken, http.MethodGet, "/v2/transfer/transfers/"+newUUID(), ""), http.StatusNotFound)
	for _, bad := range []string{"", "[]", `"text"`, `{`, `{"amount":"5"}`, `{"ref_id":""}`} {
		h.wantStatus(h.call(accessToken, http.MethodPost, path, bad), http.StatusBadRequest)
	}
}

// TestConcurrentReference checks that of many equal withdrawals at the same time one is accepted.
func TestConcurrentReference(t *testing.T) {
	t.Parallel()
	h := newHarness(t, Options{})
	id, secret := h.newCredential("transfer:write_crypto_withdrawal")
	accessToken := h.requestToken(id, secret, "transfer:write_crypto_withdrawal")
	var made atomic.Int32
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			request := h.request(http.MethodPost, "/v2/transfer/crypto-withdrawals", `{"ref_id":"same"}`)
			request.Header.Set("Authorization", "Bearer "+accessToken)
			if a, err := h.try(request); err == nil && a.status == http.StatusOK {
				made.Add(1)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("%d withdrawals were made of one ref_id", made.Load())
	}
}
