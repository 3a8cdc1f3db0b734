// Package transport sends an application's requests to Paxos with an access token and a signature
// that come from elsewhere, as a rule from Vault: an http.RoundTripper that asks one function for
// tokens and another for signatures. It knows neither Vault nor its client, so that it can be used
// with any version of them, and it imports nothing but the standard library.
//
// The functions are a few lines each: a TokenSource reads token/<role> of the engine's mount, or
// writes rejected_token_id to it, and a Signer writes method, path and body to sign/<signer>. Where
// the signer refuses, nothing is sent, and the caller of the http.Client gets the signer's error,
// which errors.As finds. Give both the whole answer, with client_id: a token and a signature of
// different clients are never sent together.
//
// Give the http.Client a CheckRedirect that returns http.ErrUseLastResponse: a redirect that is
// followed is another request, with another signature.
package transport
