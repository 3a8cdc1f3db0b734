package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

// checkJSON checks that a file is JSON.
func (c *checker) checkJSON(path string, text []byte) {
	var value any
	err := json.Unmarshal(text, &value)
	if err == nil {
		return
	}
	line := 0
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		line = 1 + bytes.Count(text[:min(int(syntax.Offset), len(text))], []byte("\n"))
	}
	c.complain(path, line, "It is not JSON: %v. Correct it there.", err)
}
