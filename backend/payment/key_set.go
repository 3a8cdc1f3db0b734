package payment

// manyKeys is how many keys are compared one by one.
const manyKeys = 8

// A keySet holds the keys of an object.
type keySet struct {
	few  [manyKeys]string
	size int
	many map[string]struct{} // all of them, as soon as there are more
}

// add adds a key. It returns what is wrong with it: that it is there already, or, unless anyCase, that
// another one differs from it by case or _ only. No more than so many keys will follow.
func (s *keySet) add(key string, anyCase bool, follow int) string {
	if !anyCase {
		key = canonical(key)
	}
	switch {
	case s.has(key) && anyCase:
		return "has a key twice"
	case s.has(key):
		return "is given twice, or differs from another field only by case or underscores"
	case s.size < manyKeys:
		s.few[s.size] = key
	case s.many == nil:
		s.many = make(map[string]struct{}, manyKeys+1+follow)
		for _, earlier := range s.few {
			s.many[earlier] = struct{}{}
		}
		fallthrough
	default:
		s.many[key] = struct{}{}
	}
	s.size++
	return ""
}

// has reports whether a key is there.
func (s *keySet) has(key string) bool {
	if s.many != nil {
		_, ok := s.many[key]
		return ok
	}
	for _, earlier := range s.few[:s.size] {
		if earlier == key {
			return true
		}
	}
	return false
}
