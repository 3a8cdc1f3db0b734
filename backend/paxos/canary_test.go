package paxos_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"vault-plugin-secrets-paxos/backend/paxos"
)

// canary is text that the other side sends. It must appear in no error and no log.
const canary = "CANARY-bird"

// checkNoCanary looks for the canary, and for the client's secret, in every form of printing an error.
func checkNoCanary(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		for _, verb := range []string{"%s", "%v", "%+v", "%#v", "%q"} {
			text := fmt.Sprintf(verb, cause)
			if strings.Contains(strings.ToLower(text), "canary") || strings.Contains(text, "own-secret") {
				t.Errorf("printed with %s the error tells: %s", verb, text)
			}
		}
	}
}

// serveRaw answers the first request of each connection with these bytes, and closes the connection.
func serveRaw(t *testing.T, answer string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			answerRaw(connection, answer)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

// answerRaw reads one request, writes the bytes and closes the connection.
func answerRaw(connection net.Conn, answer string) {
	if req, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	}
	_, _ = io.WriteString(connection, answer) // a client that closed the connection has read enough
	_ = connection.Close()
}

// TestErrorsTellNothing has the other side write a canary into every part of a reply.
func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	body := func(head, body string) string {
		return fmt.Sprintf("%s\r\nContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	coded := `{"error":"` + canary + `","error_description":"` + canary + `","error_uri":"https://` + canary +
		`","title":"` + canary + `"}`
	for name, answer := range map[string]string{
		"a refusal": body("HTTP/1.1 400 "+canary+"\r\nContent-Type: application/json\r\nX-Trace: "+canary+
			"\r\nRetry-After: "+canary, coded),
		"a known code":        body("HTTP/1.1 401 "+canary, strings.Replace(coded, canary, "invalid_client", 1)),
		"a throttle":          body("HTTP/1.1 429 "+canary+"\r\nRetry-After: "+canary, canary),
		"an outage":           body("HTTP/1.1 503 "+canary, "<h1>"+canary+"</h1>"),
		"a 200 with an error": body("HTTP/1.1 200 "+canary, coded),
		"a 200 of HTML":       body("HTTP/1.1 200 "+canary+"\r\nContent-Type: text/"+canary, "<h1>"+canary+"</h1>"),
		"a wrong type":        body("HTTP/1.1 200 OK", `{"access_token":["`+canary+`"],"items":"`+canary+`"}`),
		"a redirect":          body("HTTP/1.1 302 "+canary+"\r\nLocation: http://"+canary+"/"+canary, canary),
		"a broken redirect":   body("HTTP/1.1 307 "+canary+"\r\nLocation: http://"+canary+":"+canary+"%zz", canary),
		"no HTTP":             canary + "\r\n\r\n",
		"no version":          "HTTP/" + canary + " 200 OK\r\n\r\n",
		"no status":           "HTTP/1.1 " + canary + "\r\n\r\n",
		"a broken header":     "HTTP/1.1 200 OK\r\n" + canary + " " + canary + "\r\n\r\n",
		"a broken length":     "HTTP/1.1 200 OK\r\nContent-Length: " + canary + "\r\n\r\n",
		"two lengths":         "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2" + canary + "\r\n\r\n",
		"a broken encoding":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + canary + "\r\n\r\n",
		"a broken chunk":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + canary + "\r\n",
		"a huge header":       "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat(canary, 20_000) + "\r\n\r\n",
		"a broken upgrade":    "HTTP/1.1 101 " + canary + "\r\nUpgrade: " + canary + "\r\n\r\n" + canary,
		"an early hint":       "HTTP/1.1 103 " + canary + "\r\nLink: " + canary + "\r\n\r\n" + canary + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := connect(t, paxos.Settings{Endpoints: endpoints("http://" + serveRaw(t, answer))})
			client := connection.Client("id", paxos.Hide("own-secret"))
			_, err := client.RequestToken(t.Context(), []string{"transfer:read"})
			asError(t, err)
			_, listErr := connection.ListCredentials(t.Context(), carrying("own-secret"), atOnce)
			for _, err := range []error{ // some are nil: a reply that is no grant may be a good reply to another call
				err, listErr,
				client.Revoke(t.Context(), paxos.Hide("own-secret")),
				connection.DeleteCredential(t.Context(), carrying("own-secret"), "somebody"),
			} {
				checkNoCanary(t, err)
			}
		})
	}
}

// TestTransportErrorsTellNothing does the same below HTTP: with a proxy that refuses, and with a server
// that does not speak TLS.
func TestTransportErrorsTellNothing(t *testing.T) {
	t.Parallel()
	refusal := "HTTP/1.1 407 " + canary + "\r\nProxy-Authenticate: " + canary + "\r\nContent-Length: 0\r\n\r\n"
	for name, settings := range map[string]paxos.Settings{
		"a proxy that refuses": {
			Endpoints: endpoints("https://192.0.2.1"), ProxyURL: "http://" + serveRaw(t, refusal),
			ProxyUsername: "vault", ProxyPassword: paxos.Hide("own-secret"),
		},
		"a proxy that speaks no HTTP": {Endpoints: endpoints("https://192.0.2.1"),
			ProxyURL: "http://" + serveRaw(t, canary+"\r\n\r\n")},
		"a server that speaks no TLS": {Endpoints: endpoints("https://" +
			serveRaw(t, canary+strings.Repeat(canary, 10)))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := connect(t, settings).Client("id", paxos.Hide("own-secret")).RequestToken(t.Context(), nil)
			if failure := asError(t, err); failure.Status != 0 || !failure.Temporary() {
				t.Errorf("got %v", failure)
			}
			checkNoCanary(t, err)
		})
	}
}
