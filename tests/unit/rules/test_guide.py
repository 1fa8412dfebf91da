"""Every condition in docs/expressions.md is one: it is loaded into the small estate as it stands."""

import re
import shutil
from pathlib import Path

from daemon.config.load import load

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/expressions.md").read_text(encoding="utf-8")


def test_every_condition_of_the_guide_can_be_written_in_a_site(tmp_path):
    for file in ("site.yaml", "cards.csv"):
        shutil.copy(ROOT / "config/small" / file, tmp_path)
    blocks = re.findall(r"^```yaml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    lines = "".join(f"  {line}\n" for block in blocks for line in block.splitlines())
    site = tmp_path / "site.yaml"
    site.write_text(site.read_text(encoding="utf-8").replace("rules:\n", f"rules:\n{lines}", 1), encoding="utf-8")
    rules = {rule.name: rule for rule in load(site).rules}
    written = re.findall(r"^  ([a-z-]+): \{kind: expression", lines, re.MULTILINE)
    assert len(written) >= 12
    assert all(rules[name].title for name in written)
