package input

import "fmt"

// CheckMetadata limits the metadata of a role or client, because reads return it and the events
// of a role carry it. The limits are those that Vault has for the metadata of an entity.
func CheckMetadata(metadata map[string]string) error {
	const mostPairs, longestKey, longestValue = 64, 128, 512
	if len(metadata) > mostPairs {
		return fmt.Errorf("metadata has %d pairs; at most %d are allowed", len(metadata), mostPairs)
	}
	for key, value := range metadata {
		if len(key) > longestKey || len(value) > longestValue {
			return fmt.Errorf("metadata must have keys of at most %d bytes and values of at most %d", longestKey,
				longestValue)
		}
	}
	return nil
}
