"""Rules over the local API, asked as the console asks."""

from pathlib import Path

from tests.unit.daemon.desk import serving


async def test_rules_are_listed_and_explained_with_their_past(tmp_path: Path) -> None:
    async with serving(tmp_path) as desk:
        assert "zones.b12.fire_release" in [each["rule"] for each in await desk.ask(lambda one: one.get("/v1/rules"))]
        desk.house.land(input8=True)
        await desk.write("access.denied")
        told = await desk.ask(lambda one: one.get("/v1/rules/zones.b12.fire_release"))
        assert told["conditions"][0]["active"] is True
        assert [event["kind"] for event in told["past"]][-1] == "output.told"
        assert {"zones.b12.fire"} == {
            event["content"]["alarm"] for event in (await desk.ask(lambda one: one.get("/v1/rules/b12.fire")))["past"]
        }


async def test_the_past_ends_where_it_is_asked_to_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as desk:
        desk.house.land(input8=True)
        await desk.write("access.denied")
        then = await desk.ask(lambda one: one.get("/v1/rules/b12.fire", at="2020-01-01T00:00"))
        assert (then["past"], then["trouble"]) == ([], None)
        assert not (await desk.ask(lambda one: one.get("/v1/rules/b12.fire", past=0)))["past"]


async def test_what_cannot_be_answered_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path) as desk:
        assert "did you mean zones.b12.fire?" in await desk.refused(lambda one: one.get("/v1/rules/zones.b12.fir"))
        assert "不止一个" in await desk.refused(lambda one: one.get("/v1/rules/device_silent"))
        assert "yesterday" in await desk.refused(lambda one: one.get("/v1/rules/b12.fire", at="yesterday"))
