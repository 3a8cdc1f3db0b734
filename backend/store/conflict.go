package store

import (
	"reflect"
	"strings"
)

// Conflict returns the JSON name of a field that two writers changed differently, "" if there is
// none. One writer has read before and wants to store planned. Meanwhile the other one has stored
// now. A request that waited for Paxos must not undo what an operator stored meanwhile, so it is
// refused where both changed the same field. Embedded fields are left out: their owner compares the
// entry as a whole.
func Conflict[T any](before, now, planned T) string {
	was, is, want := reflect.ValueOf(before), reflect.ValueOf(now), reflect.ValueOf(planned)
	for i := range was.NumField() {
		field := was.Type().Field(i)
		if field.Anonymous {
			continue
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
