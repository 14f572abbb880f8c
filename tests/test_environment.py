from ganzoo import environment


def test_the_folder_is_where_the_user_says_or_else_with_his_other_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "own"))
    assert environment.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("GANZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment.cache_folder() == tmp_path / "ganzoo"
