package backend

import (
	"reflect"
	"strings"
)

// conflict names a field that a request changes and that somebody else has changed to something
// else since the request read it, nothing if there is none. planned is what the request made of
// before. A request that waited for Paxos must not undo what an operator has stored meanwhile, so
// where both changed the same, it is refused.
func conflict[T any](before, now, planned T) string {
	was, is, want := reflect.ValueOf(before), reflect.ValueOf(now), reflect.ValueOf(planned)
	for i := range was.NumField() {
		field := was.Type().Field(i)
		if field.Anonymous {
			continue // what it is stored by and its secrets, which are judged by its entry
		}
		old := was.Field(i).Interface()
		if !reflect.DeepEqual(want.Field(i).Interface(), old) && !reflect.DeepEqual(is.Field(i).Interface(), old) &&
			!reflect.DeepEqual(want.Field(i).Interface(), is.Field(i).Interface()) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}
