import doctest

from ganzoo import errors


def test_examples_in_the_docstrings_hold():
    assert doctest.testmod(errors).failed == 0
    assert doctest.testmod(errors).attempted > 0


def test_only_near_names_are_suggested():
    assert errors.did_you_mean("wgan_pg", ["wgan_gp", "gan"]) == " Did you mean 'wgan_gp'?"
    assert errors.did_you_mean("zebra", ["wgan_gp", "gan"]) == ""


def test_a_full_disk_is_said_without_names_of_nodes():
    said = errors.plain_words(
        "{{function_node __wrapped__SaveV2_device_/job:x}} a/b; No space left on device [Op:SaveV2]"
    )
    assert said == "there is no room left on the disk"
