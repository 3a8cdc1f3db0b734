package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// TestList checks what programs are told about a path.
func TestList(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := list(&out); err != nil {
		t.Fatal(err)
	}
	var paths []listed
	if err := json.Unmarshal(out.Bytes(), &paths); err != nil {
		t.Fatal(err)
	}
	find := func(template string) listed {
		t.Helper()
		at := slices.IndexFunc(paths, func(p listed) bool { return p.Template == template })
		if at < 0 {
			t.Fatalf("%s is missing", template)
		}
		return paths[at]
	}
	token := find("token/{name}")
	if token.Sudo || !slices.Equal(token.Operations, []string{"update", "read"}) ||
		token.Parameters["rejected_token_id"] != "string" || token.Parameters["name"] != "" ||
		!slices.Contains(token.Answers, "access_token") {
		t.Errorf("token/{name} is %+v", token)
	}
	if role := find("roles/{name}"); role.Parameters["ttl"] != "duration" || !slices.Contains(role.Operations, "create") {
		t.Errorf("roles/{name} is %+v", role)
	}
	if !find("config/guardrails").Sudo {
		t.Error("config/guardrails needs no sudo")
	}
}
