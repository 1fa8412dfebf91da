"""What is done with the files alone, before anything runs."""

import pytest

from console import offline
from daemon import config, lastgood
from daemon.secrets import Secrets
from tests.unit.daemon import small


@pytest.mark.parametrize("trouble", ["gone", "open to all"])
def test_a_secret_that_cannot_be_had_costs_no_estate_its_guard(tmp_path, capsys, trouble):
    text = small.SITE.replace("tier: 1,", "tier: 1, user: police, password: !secret police,")
    site, state = small.write(tmp_path / "site", text), tmp_path / "state"
    state.mkdir()
    lastgood.keep(site, "cards.csv", state)
    if trouble == "open to all":
        (site.parent / "secrets").mkdir()
        (site.parent / "secrets" / "police").write_text("x")
        (site.parent / "secrets" / "police").chmod(0o644)
    with pytest.raises(config.ConfigError) as refused:
        config.load(site, secrets=Secrets.beside(site))
    plan = offline._last_good(site, refused.value.faults, state, None)
    assert plan is not None
    assert set(plan.site.doors) == {"north", "east"}
    assert "police" in capsys.readouterr().err
