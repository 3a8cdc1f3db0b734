package payment

import "strings"

// The directions of a leg: the source delivers or receives the asset.
const (
	deliver = "DELIVER"
	receive = "RECEIVE"
)

// readAmounts reads how much of which assets moves.
func readAmounts(p *Payment, o operation, read *body) error {
	field := ""
	for _, name := range o.Amounts {
		switch {
		case read.of(name).seen == 0:
		case field != "":
			return &Malformed{Field: name, Reason: "must not be given together with " + field}
		default:
			field = name
		}
	}
	if len(o.Amounts) == 0 {
		return nil
	}
	if list, _, ok := strings.Cut(o.Amounts[0], "[]."); ok {
		return readLegs(p, o, read, list+"[]")
	}
	if field == "" {
		return &Malformed{Field: strings.Join(o.Amounts, " or "), Reason: "is missing"}
	}
	value, err := readValue(read.text(field), field)
	if err != nil {
		return err
	}
	for _, asset := range o.Assets {
		if asset.Optional && read.of(asset.Field).seen == 0 {
			continue
		}
		amount := Amount{Value: value, AssetField: asset.Field, Field: field}
		if err := readPlain(&amount.Asset, read, asset.Field); err != nil {
			return err
		}
		if len(p.Amounts) == 0 || p.Amounts[0].Asset != amount.Asset {
			p.Amounts = append(p.Amounts, amount)
		}
	}
	return nil
}

// readValue reads an amount, which is more than 0.
func readValue(text, field string) (Decimal, error) {
	value, err := ParseDecimal(text)
	switch {
	case err != nil:
		return Decimal{}, &Malformed{Field: field, Reason: err.Error()}
	case value.IsZero():
		return Decimal{}, &Malformed{Field: field, Reason: "must be greater than zero"}
	}
	return value, nil
}

// readLegs reads the sum of the legs that the source delivers. All legs must be complete, and those
// must be of one asset.
func readLegs(p *Payment, o operation, read *body, list string) error {
	sum := Amount{AssetField: o.Assets[0].Field, Field: o.Amounts[0]}
	direction := list + ".direction"
	for _, field := range []string{direction, sum.AssetField, sum.Field} {
		if read.of(list).seen == 0 || len(read.of(field).texts) != read.of(list).seen {
			return &Malformed{Field: field, Reason: "is missing"}
		}
	}
	for i, way := range read.of(direction).texts {
		value, err := readValue(read.of(sum.Field).texts[i], sum.Field)
		if err != nil {
			return err
		}
		asset := read.of(sum.AssetField).texts[i]
		switch {
		case !isPlain(asset):
			return &Malformed{Field: sum.AssetField, Reason: "must have printable ASCII characters only, and no spaces"}
		case way == receive:
		case way != deliver:
			return &Malformed{Field: direction, Reason: "must be DELIVER or RECEIVE"}
		case sum.Asset == "":
			sum.Asset, sum.Value = asset, value
		case sum.Asset != asset:
			return &Malformed{Field: sum.AssetField, Reason: "must be the same in all legs with the direction DELIVER"}
		default:
			sum.Value = sum.Value.Add(value)
		}
	}
	if sum.Asset == "" {
		return &Malformed{Field: direction, Reason: "must be DELIVER in at least one leg"}
	}
	p.Amounts = []Amount{sum}
	return nil
}
