package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// runAsProgram is an environment variable that makes the test binary run the program, for the test that
// sends it a signal.
const runAsProgram = "PAXOS_SANDBOX_RUN_AS_PROGRAM"

// TestMain runs the program instead of the tests if runAsProgram is set.
func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// launch runs the program in this process. The function stop ends it and returns its exit code.
func launch(t *testing.T, arguments ...string) (out *bufio.Reader, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, arguments, writer, writer)
		_ = writer.Close()
	}()
	stop = func() int {
		cancel()
		_, _ = io.Copy(io.Discard, reader)
		return <-code
	}
	return bufio.NewReader(reader), stop
}

// readAnnouncement reads the line that -json prints.
func readAnnouncement(t *testing.T, out *bufio.Reader) announcement {
	t.Helper()
	line, err := out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("reading the announcement %q: %v", line, err)
	}
	var said announcement
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatalf("announcement %s: %v", line, err)
	}
	return said
}

// requestToken requests a token with the scopes from the announced server and returns the status.
func requestToken(t *testing.T, said announcement, scopes ...string) int {
	t.Helper()
	response, err := http.PostForm(said.TokenURL, url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {said.ClientID},
		"client_secret": {said.ClientSecret},
		"scope":         {strings.Join(scopes, " ")},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestReadyClient checks that the ready client is announced and has the documented scopes, and that the
// rate limit of the flags applies to it.
func TestReadyClient(t *testing.T) {
	t.Parallel()
	out, stop := launch(t, "-json", "-address", "127.0.0.1:0", "-token-limit", "2")
	said := readAnnouncement(t, out)
	if got := len(readyScopes()); got != 17 {
		t.Errorf("%d scopes, want the 16 documented ones and one to list credentials", got)
	}
	for _, want := range []int{200, 200, 429} {
		if got := requestToken(t, said, readyScopes()...); got != want {
			t.Errorf("minting: %d, want %d", got, want)
		}
	}
	if said.RevokeURL != said.URL+"/oauth2/revoke" || said.APIURL != said.URL+"/v2" || said.CACertificate != "" {
		t.Errorf("announced %+v", said)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestChosenClient checks that the flags decide the id, the secret and the scopes of the client.
func TestChosenClient(t *testing.T) {
	t.Parallel()
	out, stop := launch(t, "-json", "-address", "127.0.0.1:0", "-client-id", "me", "-client-secret", "mine",
		"-scopes", "a:b, c:d")
	defer stop()
	said := readAnnouncement(t, out)
	if said.ClientID != "me" || said.ClientSecret != "mine" {
		t.Errorf("announced %+v", said)
	}
	if got := requestToken(t, said, "c:d", "a:b"); got != 200 {
		t.Errorf("minting the chosen scopes: %d", got)
	}
	if got := requestToken(t, said, "funding:read_profile"); got != 400 {
		t.Errorf("minting another scope: %d", got)
	}
}

// TestSignatures checks that the flag decides which unsigned requests of the ready client are refused.
func TestSignatures(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][2]int{
		"":                                    {200, 400},
		"CreateCryptoWithdrawal":              {200, 401},
		"credentials":                         {401, 401},
		"CreateCryptoWithdrawal,credentials":  {401, 401},
		"ListProfiles CreateInternalTransfer": {401, 400},
	} {
		wanted, code, ok := parseFlags([]string{"-address", "127.0.0.1:0", "-signatures", value}, io.Discard,
			io.Discard)
		if !ok {
			t.Fatalf("%q: exit code %d", value, code)
		}
		sandbox, err := start(wanted)
		if err != nil {
			t.Fatal(err)
		}
		accessToken := readyToken(t, sandbox)
		for i, path := range []string{"/profiles", "/transfer/crypto-withdrawals"} {
			if got := unsigned(t, []string{"GET", "POST"}[i], sandbox.APIURL()+path, accessToken); got != want[i] {
				t.Errorf("%q: %s answered %d, want %d", value, path, got, want[i])
			}
		}
		sandbox.Close()
	}
}

// readyToken requests a token with all scopes of the ready client.
func readyToken(t *testing.T, running *sandbox) string {
	t.Helper()
	response, err := http.PostForm(running.TokenURL(), url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {running.clientID},
		"client_secret": {running.clientSecret},
		"scope":         {strings.Join(running.scopes, " ")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.AccessToken
}

// unsigned sends a request without a signature and returns the status.
func unsigned(t *testing.T, method, address, accessToken string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// TestText checks that the text has everything that people need, including the certificate.
func TestText(t *testing.T) {
	t.Parallel()
	wanted, _, _ := parseFlags([]string{"-address", "127.0.0.1:0", "-tls"}, io.Discard, io.Discard)
	sandbox, err := start(wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer sandbox.Close()
	var out bytes.Buffer
	if err := sandbox.announce(&out, false); err != nil {
		t.Fatal(err)
	}
	pieces := []string{"not Paxos", sandbox.TokenURL(), sandbox.RevokeURL(), sandbox.APIURL(), sandbox.clientID,
		sandbox.clientSecret, "BEGIN CERTIFICATE"}
	for _, piece := range slices.Concat(pieces, readyScopes()) {
		if !strings.Contains(out.String(), piece) {
			t.Errorf("the text lacks %q:\n%s", piece, out.String())
		}
	}
}

// TestRefusals checks the errors of wrong flags.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for arguments, test := range map[string]struct {
		code int
		says string
	}{
		"-address 0.0.0.0:0":     {1, "loopback"},
		"-address nowhere":       {1, "address"},
		"-token-lifetime 1ms":    {2, "-token-lifetime"},
		"-token-limit 0":         {2, "-token-limit"},
		"-scopes ,":              {2, "-scopes"},
		"-signatures Everything": {1, "Everything"},
		"-nonsense":              {2, "nonsense"},
		"leftover":               {2, "leftover"},
		"-token-lifetime banana": {2, "banana"},
	} {
		var out, complaints bytes.Buffer
		code := run(t.Context(), strings.Fields(arguments), &out, &complaints)
		if code != test.code || !strings.Contains(complaints.String(), test.says) || out.Len() > 0 {
			t.Errorf("%s: code %d, said %q and %q", arguments, code, out.String(), complaints.String())
		}
	}
}

// TestAnswers checks the flags whose answer goes to standard output and ends the program.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for arguments, says := range map[string]string{
		"-version":            "paxos-sandbox v0.1.0-dev\n",
		"-help":               "/sandbox/tokens",
		"-h":                  "/sandbox/signatures",
		"-address x:1 --help": "-token-lifetime",
	} {
		var out, complaints bytes.Buffer
		code := run(t.Context(), strings.Fields(arguments), &out, &complaints)
		if code != 0 || !strings.Contains(out.String(), says) || complaints.Len() > 0 {
			t.Errorf("%s: code %d, said %q and %q", arguments, code, out.String(), complaints.String())
		}
	}
}

// TestSignals checks that a signal ends the program with exit code 0.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		program := exec.CommandContext(t.Context(), os.Args[0], "-json", "-address", "127.0.0.1:0")
		// otherwise the race detector waits for a second at exit
		program.Env = append(os.Environ(), runAsProgram+"=1", "GORACE=atexit_sleep_ms=0")
		out, err := program.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		if got := requestToken(t, readAnnouncement(t, bufio.NewReader(out)), "funding:read_profile"); got != 200 {
			t.Errorf("minting: %d", got)
		}
		if err := program.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := program.Wait(); err != nil {
			t.Errorf("%s: %v", signal, err)
		}
	}
}
