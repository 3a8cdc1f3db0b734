package externalsecrets

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
)

// A cluster stands for the API server of Kubernetes: it issues tokens of service accounts, and tells Vault
// whose a token is. Nothing else of Kubernetes is there.
type cluster struct {
	*httptest.Server
	signer jose.Signer
	key    *rsa.PrivateKey
}

// newCluster starts a cluster, and makes it the one that programs of this process find.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{signer: signer, key: key}
	handler := http.NewServeMux()
	handler.HandleFunc("POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
		func(w http.ResponseWriter, r *http.Request) {
			var asked authentication.TokenRequest
			text, err := io.ReadAll(r.Body)
			if err == nil { // in JSON or in Protocol Buffers
				_, _, err = scheme.Codecs.UniversalDeserializer().Decode(text, nil, &asked)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			token := c.jwt(t, r.PathValue("namespace"), r.PathValue("name"), asked.Spec.Audiences...)
			answer(w, &authentication.TokenRequest{
				TypeMeta: meta.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenRequest"},
				Status:   authentication.TokenRequestStatus{Token: token},
			})
		})
	handler.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", c.review)
	c.Server = httptest.NewServer(handler)
	t.Cleanup(c.Close)
	t.Setenv("KUBECONFIG", c.configuration(t))
	return c
}

// answer sends an object of Kubernetes.
func answer(w http.ResponseWriter, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(object) // an error shows at the reader
}

// configuration writes a file with which programs find the cluster.
func (c *cluster) configuration(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: %q}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test, user: {}}]
current-context: test
`, c.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// claims are the claims of a token of a service account.
type claims struct {
	jwt.Claims
	Audience   []string `json:"aud"` // always a list, as Kubernetes writes it
	Kubernetes struct {
		Namespace      string            `json:"namespace"`
		ServiceAccount map[string]string `json:"serviceaccount"`
	} `json:"kubernetes.io"`
}

// userOf returns the name that Kubernetes gives a service account.
func userOf(namespace, name string) string { return "system:serviceaccount:" + namespace + ":" + name }

// jwt issues a token of a service account. Without an audience, it is for the cluster itself.
func (c *cluster) jwt(t *testing.T, namespace, name string, audiences ...string) string {
	t.Helper()
	now := time.Now()
	if len(audiences) == 0 {
		audiences = []string{c.URL}
	}
	content := claims{Claims: jwt.Claims{Issuer: c.URL, Subject: userOf(namespace, name),
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(time.Hour))}}
	content.Audience, content.Kubernetes.Namespace = audiences, namespace
	content.Kubernetes.ServiceAccount = map[string]string{"name": name, "uid": "uid-of-" + name}
	text, err := jwt.Signed(c.signer).Claims(content).Serialize()
	if err != nil {
		t.Error(err)
	}
	return text
}

// review tells whose a token is, if the cluster has issued it, and for one of the audiences that are asked for.
func (c *cluster) review(w http.ResponseWriter, r *http.Request) {
	var asked authentication.TokenReview
	var content claims
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	token, err := jwt.ParseSigned(asked.Spec.Token, []jose.SignatureAlgorithm{jose.RS256})
	if err == nil {
		err = token.Claims(&c.key.PublicKey, &content)
	}
	wanted := asked.Spec.Audiences
	if len(wanted) == 0 {
		wanted = []string{c.URL}
	}
	wanted = slices.DeleteFunc(wanted, func(name string) bool { return !slices.Contains(content.Audience, name) })
	if err == nil && len(wanted) > 0 {
		asked.Status = authentication.TokenReviewStatus{Authenticated: true, Audiences: wanted, User: authentication.UserInfo{
			Username: content.Subject, UID: content.Kubernetes.ServiceAccount["uid"],
			Groups: []string{"system:serviceaccounts"}}}
	}
	answer(w, &asked)
}

// balancer starts a server with TLS in front of Vault. It returns its address, and the ConfigMap with its
// certificate authority that the manifests name.
func (s site) balancer() (address string, authority *core.ConfigMap) {
	s.Helper()
	vault, err := url.Parse(s.Address)
	if err != nil {
		s.Fatal(err)
	}
	server := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(vault))
	s.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return strings.TrimSuffix(server.URL, "/"), &core.ConfigMap{
		ObjectMeta: meta.ObjectMeta{Namespace: "payments", Name: "vault-ca"},
		Data:       map[string]string{"ca.crt": string(certificate)},
	}
}
