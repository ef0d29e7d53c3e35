"""The last posting counts, and a posting can be withdrawn: right, wrong, right again; and all of that undone."""

from typing import Any

import pytest

from weather_platform_tests.api.serving import Api, as_json

RIGHT, WRONG = (
    f"numer_sta;date;t\n07690;20190207120000;{t}\n".encode() for t in ("287.15", "310.15")
)  # 14 °C and 37 °C
OTHER_FIELD = b"numer_sta;date;pmer\n07690;20190207120000;101500\n"
WHY = {"reason": "37 °C in February", "by": "Marie"}


def post(api: Api, body: bytes, name: str = "a.csv") -> dict[str, Any]:
    return api.ingest("/ingest-fast", body, name)


def temperature(api: Api) -> float | None:
    """What the document says; None without one."""
    documents = api.documents()
    return documents[0]["metrics"]["temperature"]["avg"] if documents else None


def outcome(receipt: dict[str, Any]) -> dict[str, int]:
    (month,) = receipt["outcome"]
    counters = ("kept", "completed", "unchanged", "replaced", "superseded", "outdated")
    return {name: month[name] for name in counters if month[name]}


def withdraw(api: Api, receipt: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.post(f"/ingestions/{receipt['id']}/withdraw", json=WHY)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def restore(api: Api, receipt: dict[str, Any]) -> dict[str, Any]:
    answer = api.client.post(f"/ingestions/{receipt['id']}/restore")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_last_posting_counts(api: Api) -> None:
    right, wrong, again = post(api, RIGHT), post(api, WRONG), post(api, RIGHT)
    assert temperature(api) == 14.0
    assert (right["repeated"], again["repeated"], again["id"] != right["id"]) == (False, False, True)
    assert [outcome(receipt) for receipt in (right, wrong, again)] == [{"kept": 1}, {"replaced": 1}, {"replaced": 1}]
    assert outcome(api.get(f"/ingestions/{wrong['id']}").json()) == {"superseded": 1}
    once_more = post(api, RIGHT)
    assert (once_more["id"], once_more["repeated"]) == (again["id"], True)


def test_an_overruled_archive_counts_again_when_posted_again(api: Api) -> None:
    """Its records tell when they were inserted upstream, years before anybody posted anything."""
    archive = b"geo_id_wmo;insert_time;validity_time;t\n07690;2019-02-07T12:04:31Z;2019-02-07T12:00:00Z;287.15\n"
    post(api, archive)
    post(api, WRONG)
    assert temperature(api) == 37.0
    post(api, archive)
    assert temperature(api) == 14.0


def test_files_that_count_are_not_posted_again(api: Api) -> None:
    first = post(api, RIGHT)
    post(api, OTHER_FIELD)
    again = post(api, RIGHT)
    assert (again["id"], again["repeated"]) == (first["id"], True)


def test_a_withdrawn_posting_does_not_count_until_it_is_restored(api: Api) -> None:
    post(api, RIGHT)
    wrong = post(api, WRONG, "wrong.csv")
    taken_back = withdraw(api, wrong)
    assert temperature(api) == 14.0
    assert {key: taken_back["withdrawn"][key] for key in WHY} == WHY
    assert api.get(f"/ingestions/{taken_back['made_again']}").json()["state"] == "done"
    assert [item["withdrawn"] is not None for item in api.get("/ingestions").json()["data"]] == [False, True, False]
    files = {raw["provenance"]["name"]: raw["withdrawn"] for raw in api.get("/raw/files").json()["data"]}
    assert files == {"a.csv": None, "wrong.csv": taken_back["withdrawn"]}
    assert restore(api, wrong)["withdrawn"] is None
    assert temperature(api) == 37.0


def test_withdrawing_undoes_one_posting_of_several_of_the_same_records(api: Api) -> None:
    first = post(api, RIGHT)
    second = post(api, RIGHT + b"07149;20190207120000;280\n", "more.csv")
    third = post(api, as_json([{"numer_sta": "07690", "date": "2019-02-07T12:00:00Z", "t": 287.15}]), "b.json")
    for receipt, left in ((second, 14.0), (third, 14.0), (first, None)):
        withdraw(api, receipt)
        assert temperature(api) == left
    assert api.rows() == {}
    restore(api, second)
    assert len(api.documents()) == 2


def test_withdrawn_files_count_when_they_are_posted_again(api: Api) -> None:
    first = post(api, RIGHT)
    withdraw(api, first)
    again = post(api, RIGHT)
    assert (temperature(api), again["repeated"], again["id"] != first["id"]) == (14.0, False, True)
    withdraw(api, again)
    assert temperature(api) is None
    restore(api, first)
    assert temperature(api) == 14.0


def test_a_withdrawal_that_was_cut_off_is_ended_by_the_same_request(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = post(api, WRONG)
    with monkeypatch.context() as patch:
        patch.setattr(api.services.ingestions, "replay", _killed)
        assert api.client.post(f"/ingestions/{wrong['id']}/withdraw", json=WHY).status_code == 500
    cut_off = api.get(f"/ingestions/{wrong['id']}").json()
    assert (cut_off["withdrawn"]["by"], cut_off["made_again"], temperature(api)) == ("Marie", None, 37.0)
    ended = withdraw(api, wrong)
    assert (ended["withdrawn"], temperature(api)) == (cut_off["withdrawn"], None)


def test_what_posted_nothing_cannot_be_withdrawn(api: Api) -> None:
    post(api, RIGHT)
    replay = api.client.post("/quarantine/replay", json={"months": ["2019-02"]}).json()
    refused = api.client.post(f"/ingestions/{replay['id']}/withdraw", json=WHY)
    assert (refused.status_code, refused.json()["detail"]) == (409, f"The ingestion {replay['id']} posted no files.")
    assert api.client.post("/ingestions/0/withdraw", json=WHY).status_code == 404
    assert api.client.post(f"/ingestions/{replay['id']}/withdraw", json={}).status_code == 422


def _killed(*_: object, **__: object) -> None:
    raise RuntimeError("killed in the middle")
