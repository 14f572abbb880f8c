from ganzoo import environment


def test_the_folder_is_where_the_user_says_or_else_with_his_other_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "own"))
    assert environment.cache_folder() == tmp_path / "own"
    monkeypatch.delenv("GANZOO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment.cache_folder() == tmp_path / "ganzoo"


def test_the_peak_of_memory_holds_what_was_needed_once():
    """64 MB for a moment, all of them written to."""
    before = environment.peak_memory_mb()
    size = int(1e6 * (64 + before))
    assert len(bytearray(b"x" * 1000) * (size // 1000)) > 0
    assert environment.peak_memory_mb() >= before + 60
