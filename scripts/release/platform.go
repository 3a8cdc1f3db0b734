package main

import (
	"fmt"
	"slices"
	"strings"
)

// A platform is an operating system and a processor architecture, as Go names them.
type platform struct {
	system, architecture string
}

// platforms are those that releases are built for.
var platforms = []platform{
	{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"},
}

func (p platform) String() string { return p.system + "/" + p.architecture }

// selectPlatforms returns the platforms that are named, separated by commas, or all.
func selectPlatforms(names string) ([]platform, error) {
	if names == "" {
		return platforms, nil
	}
	var selected []platform
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(platforms, func(p platform) bool { return p.String() == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown platform %q: there are %v", name, platforms)
		}
		if !slices.Contains(selected, platforms[i]) {
			selected = append(selected, platforms[i])
		}
	}
	return selected, nil
}
