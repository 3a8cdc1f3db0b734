package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// A course is one request to Paxos that can take two ways: through the proxy, and directly.
type course struct {
	name            string
	through, direct func(ctx context.Context, round int) error
}

// measureProxy prints what paxos-proxy adds to a read and to a payment. One caller sends one request at a
// time, in random order.
func measureProxy(ctx context.Context, vault string, o options, out io.Writer) (err error) {
	t, err := newProxyTestbed(ctx, vault)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	proxy, err := t.startProxy(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	courses, err := t.courses(ctx, proxy)
	if err != nil {
		return err
	}
	const perRound = 20
	fmt.Fprintf(out, "paxos-proxy on a Unix socket, one caller, %d requests of each kind; medians\n\n", o.rounds*perRound)
	fmt.Fprintf(out, "%-8s %10s %10s %10s  %s\n", "request", "through", "direct", "added", "95% confidence")
	for _, c := range courses {
		through, direct, err := c.measure(ctx, o.rounds*perRound)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		added := make([]float64, len(through))
		for i := range added {
			added[i] = through[i] - direct[i]
		}
		low, high := interval(added)
		fmt.Fprintf(out, "%-8s %7.0f µs %7.0f µs %7.0f µs  %.0f to %.0f µs\n", c.name, median(through), median(direct),
			median(added), low, high)
	}
	return nil
}

// measure returns how many microseconds the requests took on both ways.
func (c course) measure(ctx context.Context, rounds int) (through, direct []float64, err error) {
	const warmUp = 50
	timed := func(send func(context.Context, int) error, round int) (float64, error) {
		began := time.Now()
		err := send(ctx, round)
		return float64(time.Since(began)) / float64(time.Microsecond), err
	}
	for round := range warmUp + rounds {
		var took [2]float64
		first := rand.IntN(2)
		for _, way := range [2]int{first, 1 - first} {
			send := [2]func(context.Context, int) error{c.through, c.direct}[way]
			if took[way], err = timed(send, 2*round+way); err != nil {
				return nil, nil, err
			}
		}
		if round >= warmUp {
			through, direct = append(through, took[0]), append(direct, took[1])
		}
	}
	return through, direct, nil
}

// courses returns what is measured. The direct ways have the access token already; the one of payments
// asks Vault for each signature, as the proxy does.
func (t *testbed) courses(ctx context.Context, proxy *proxyProcess) ([]course, error) {
	token, err := t.client.Logical().ReadWithContext(ctx, ours+"/token/payer")
	if err != nil {
		return nil, err
	}
	access, _ := token.Data["access_token"].(string)
	bearer := http.Header{"Authorization": {"Bearer " + access}}
	read := course{
		name: "read",
		through: func(ctx context.Context, _ int) error {
			return exchange(ctx, proxy.client, "GET", "http://paxos/v2/profiles", nil, nil, nil)
		},
		direct: func(ctx context.Context, _ int) error {
			return exchange(ctx, plain, "GET", t.paxos.APIURL()+"/profiles", bearer, nil, nil)
		},
	}
	payment := course{
		name: "payment",
		through: func(ctx context.Context, round int) error {
			return exchange(ctx, proxy.client, "POST", "http://paxos"+withdrawals, nil, withdrawal(round), nil)
		},
		direct: func(ctx context.Context, round int) error {
			body := withdrawal(round)
			signed, err := t.sign(ctx, body)
			if err != nil {
				return err
			}
			signed["Authorization"] = bearer["Authorization"]
			return exchange(ctx, plain, "POST", t.paxos.URL()+withdrawals, signed, body, nil)
		},
	}
	return []course{read, payment}, nil
}

// withdrawal is the body of the payment of a round.
func withdrawal(round int) []byte {
	return fmt.Appendf(nil, `{"ref_id":"bench-%d","profile_id":%q,"amount":"1","asset":"USDC",`+
		`"crypto_network":"ETHEREUM","destination_address":%q}`, round, treasury, vendor)
}

// sign asks Vault for the signature of a payment.
func (t *testbed) sign(ctx context.Context, body []byte) (http.Header, error) {
	question, err := json.Marshal(map[string]string{"method": "POST", "path": withdrawals, "body": string(body)})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct{ Headers map[string]string }
	}
	err = exchange(ctx, plain, "PUT", t.Address+"/v1/"+ours+"/sign/payouts",
		http.Header{"X-Vault-Token": {t.RootToken}}, question, &answer)
	header := http.Header{}
	for name, value := range answer.Data.Headers {
		header.Set(name, value)
	}
	return header, err
}

// exchange sends a request, and decodes the answer, which must be 200. The answer nil is read and forgotten.
func exchange(ctx context.Context, client *http.Client, method, target string, header http.Header, body []byte,
	answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answered %s: %s", request.URL.Host, response.Status, text)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(text, answer)
}
