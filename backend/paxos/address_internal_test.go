package paxos

import (
	"errors"
	"testing"
)

// TestAddresses checks which of the addresses that a host name may resolve to are allowed.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, test := range map[string]struct{ always, fromLoopback bool }{
		"104.18.0.1:443":                {true, true},
		"10.0.0.1:443":                  {true, true},
		"192.168.1.1:443":               {true, true},
		"[2606:4700::1]:443":            {true, true},
		"[fd00::1]:443":                 {true, true},
		"[64:ff9b::104.18.0.1]:443":     {true, true},
		"127.0.0.1:443":                 {false, true},
		"127.255.255.254:443":           {false, true},
		"[::1]:443":                     {false, true},
		"[::ffff:127.0.0.1]:443":        {false, true},
		"[64:ff9b::127.0.0.1]:443":      {false, true},
		"169.254.169.254:80":            {false, false},
		"169.254.0.1:80":                {false, false},
		"[::ffff:169.254.169.254]:80":   {false, false},
		"[64:ff9b::169.254.169.254]:80": {false, false},
		"[64:ff9b::a9fe:a9fe]:80":       {false, false},
		"[fe80::1]:443":                 {false, false},
		"[fe80::1%eth0]:443":            {false, false},
		"[fd00:ec2::254]:80":            {false, false},
		"[fd00:ec2::254%eth0]:80":       {false, false},
		"100.100.100.200:80":            {false, false},
		"168.63.129.16:80":              {false, false},
		"0.0.0.0:443":                   {false, false},
		"[::]:443":                      {false, false},
		"[::ffff:0.0.0.0]:443":          {false, false},
		"224.0.0.1:443":                 {false, false},
		"[ff02::1]:443":                 {false, false},
		"[64:ff9b::224.0.0.1]:443":      {false, false},
		"":                              {false, false},
		"api.paxos.com:443":             {false, false},
		"104.18.0.1":                    {false, false},
		"/var/run/docker.sock":          {false, false},
		"[::ffff:100.100.100.200]:80":   {false, false},
		"[64:ff9b::168.63.129.16]:80":   {false, false},
		"[0:0:0:0:0:ffff:7f00:0001]:80": {false, true},
		"[fe80::1%25eth0]:443":          {false, false},
		"[2606:4700::1%zone]:443":       {true, true},
		"[::ffff:104.18.0.1]:443":       {true, true},
		"[febf:ffff:ffff:ffff::1]:443":  {false, false},
		"[ff0e::1]:443":                 {false, false},
		"169.253.255.255:443":           {true, true},
		"[64:ff9b::0.0.0.0]:443":        {false, false},
		"239.255.255.255:443":           {false, false},
		"128.0.0.1:443":                 {true, true},
		"[64:ff9b:0:0:0:1:7f00:1]:443":  {true, true}, // not within the prefix
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			for loopback, allowed := range map[bool]bool{false: test.always, true: test.fromLoopback} {
				err := checkAddress(address, loopback)
				if allowed != (err == nil) || err != nil && !errors.Is(err, errForbiddenAddress) {
					t.Errorf("where the URL says loopback (%v): got %v, want it allowed: %v", loopback, err, allowed)
				}
			}
		})
	}
}
