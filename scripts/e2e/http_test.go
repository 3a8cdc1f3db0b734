package e2e

import (
	"io"
	"net/http"
	"strings"
)

// plain is an HTTP client that does not follow redirects and does not retry.
var plain = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// send sends a request as root to exactly this path of the mount, and returns the status and the
// body.
func (m *mount) send(method, path, body string) (int, string) {
	m.Helper()
	request, err := http.NewRequestWithContext(m.Context(), method, m.server.Address+"/v1/"+m.path+"/"+path,
		strings.NewReader(body))
	if err != nil {
		m.Fatal(err)
	}
	request.Header.Set("X-Vault-Token", m.server.RootToken)
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/merge-patch+json")
	}
	response, err := plain.Do(request)
	if err != nil {
		m.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		m.Fatal(err)
	}
	return response.StatusCode, string(answer)
}
