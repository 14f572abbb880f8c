from tests.exports import exports, loaded  # noqa: F401 - fixtures
