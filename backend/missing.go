package backend

// mostQuestions is how many token requests finding the missing scopes may cost.
const mostQuestions = 8

// bisect finds which of the scopes, of which at least one is missing, a client
// lacks, by asking for some of them at a time. missing are those that it lacks for
// certain; suspects those of which some may be, when the questions ran out or could
// not be answered.
func bisect(scopes []string, holds func([]string) (bool, error)) (missing, suspects []string) {
	questions := mostQuestions
	ask := func(some []string) (held, known bool) {
		if questions == 0 {
			return false, false
		}
		questions--
		held, err := holds(some)
		if err != nil {
			questions = 0
		}
		return held, err == nil
	}
	guilty := [][]string{scopes} // each lacks at least one
	var unknown [][]string       // each may
	for len(guilty)+len(unknown) > 0 {
		if len(guilty) == 0 {
			some := unknown[0]
			unknown = unknown[1:]
			switch held, known := ask(some); {
			case !known:
				suspects = append(suspects, some...)
			case !held:
				guilty = append(guilty, some)
			}
			continue
		}
		some := guilty[0]
		guilty = guilty[1:]
		if len(some) == 1 {
			missing = append(missing, some[0])
			continue
		}
		half, rest := some[:len(some)/2], some[len(some)/2:]
		switch held, known := ask(half); {
		case !known:
			suspects = append(suspects, some...)
		case held:
			guilty = append(guilty, rest)
		default:
			guilty, unknown = append(guilty, half), append(unknown, rest)
		}
	}
	return missing, suspects
}
