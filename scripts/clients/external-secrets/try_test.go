package externalsecrets

import (
	"testing"

	_ "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	_ "github.com/external-secrets/external-secrets/apis/generators/v1alpha1"
	_ "github.com/external-secrets/external-secrets/pkg/generator/vault"
	_ "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	_ "sigs.k8s.io/controller-runtime/pkg/client/fake"
	_ "vault-plugin-secrets-paxos/scripts/stack"
)

func TestNothing(t *testing.T) {}
