package report

import "fmt"

// mountWide finds what is wrong beyond single roles: settings of the mount, roles taken together,
// and clients. It comes after the roles, because it sums up what they use.
func (p *Privileges) mountWide() {
	p.dangers(connectionPath, p.ConnectionDangers, nil)
	p.dangers(guardrailsPath, p.Guardrails.Dangers, nil)
	if p.Guardrails.AllowUncatalogued {
		severity := Info
		if len(p.hints) > 0 {
			severity = Low
		}
		p.suggest(severity, ruleDangerousOption, guardrailsPath,
			"allow_uncatalogued_scopes: a role may hold scopes whose effect is unknown",
			"", p.patch(guardrailsPath, "allow_uncatalogued_scopes=false"), "allow_uncatalogued_scopes")
	}
	if most := max(1, p.Settings.TokenBudget/2); p.Settings.TokenBudget > 0 && p.demand > most {
		p.suggest(Medium, ruleUniqueBeyondBudget, configPath,
			"The mint_limits of roles with unique_tokens add up to more than half of the token budget, which is all "+
				"that unique tokens may use; some readers will get HTTP 429",
			"", p.patch(rolesPrefix+p.greatest.role, "unique_tokens=false"), append(some(p.unique),
				fmt.Sprintf("mint_limits=%d of %d", p.demand, most))...)
	}
	p.signLimits()
	for _, c := range p.Clients {
		p.clientScopes(c)
	}
}
