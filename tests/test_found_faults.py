"""Each kind of fault that was found from outside has a test, and this is where it stands.

The list keeps a test from being dropped as one that nobody needs.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FOUND = {
    "a user's file ends the process that imports it": (
        "cli/test_users_files.py::test_file_that_ends_its_process_is_told_in_a_sentence",
        "cli/test_users_files.py::test_no_command_ends_with_a_users_file",
    ),
    "a user's file patches the standard library": (
        "cli/test_users_files.py::test_crawl_of_a_patched_file_ends",
    ),
    "a user's file changes the folder, or reads the arguments": (
        "cli/test_users_files.py::test_file_that_changes_its_process_changes_no_other",
    ),
    "nobody looks at what came back": (
        "cli/test_endings.py::test_crawl_that_brings_one_page_ten_times_says_so",
        "cli/test_users_files.py::test_crawl_says_when_what_came_back_is_not_the_site",
        "cli/test_users_files.py::test_option_that_would_change_nothing_is_refused",
    ),
    "an error leaves with the code of a verdict": (
        "cli/test_endings.py::test_full_disk_behind_standard_output_is_told",
        "cli/test_endings.py::test_character_that_a_terminal_lacks_is_written_otherwise",
        "cli/test_endings.py::test_folder_with_a_file_cannot_be_compared",
        "cli/test_endings.py::test_error_of_our_own_is_a_sentence_and_four",
        "test_full_disk.py::test_disk_that_is_full_at_the_end_is_told",
        "test_full_disk.py::test_disk_that_is_full_on_the_way_is_told",
    ),
    "any exception counts as meeting a fault": (
        "cli/test_users_files.py::test_signature_that_cannot_be_called_is_refused_at_load",
        "check/test_check.py::test_error_that_no_server_causes_is_a_failure",
        "check/test_check.py::test_command_prints_and_exits_by_what_it_found",
    ),
    "a file of the current folder is executed": (
        "base/test_launching.py::test_measuring_runs_nothing_of_the_current_folder",
        "base/test_launching.py::test_command_runs_nothing_of_the_current_folder",
        "base/test_launching.py::test_only_the_launcher_starts_a_python",
    ),
    "two processes write one session": (
        "test_owner.py::test_second_writer_is_told_who_holds_the_folder",
    ),
    "what cannot be read counts as permission": (
        "archive/test_robots.py::test_the_first_500_kib_count",
        "archive/test_robots.py::test_five_redirects_of_robots_txt_are_followed",
        "archive/test_robots.py::test_after_six_redirects_nobody_knows_the_rules",
    ),
    "something else than the scheme decides on TLS": (
        "strategies/test_schemes.py::test_scheme_decides_whether_tls_is_spoken",
    ),
    "values of a file are out of range": (
        "fuzz/test_sessions.py::test_edited_session_is_taken_or_refused_in_a_sentence",
    ),
    "the mirror is more lenient than servers": (
        "mirror/test_strictness.py::test_what_servers_refuse_is_refused",
        "mirror/test_server_limits.py::test_requests_of_two_meanings_are_refused",
    ),
    "connections are accepted when descriptors are out": (
        "mirror/test_listener.py::test_accept_pauses_when_descriptors_are_out",
    ),
    "a signal leaves things behind": (
        "cli/test_endings.py::test_mirror_that_is_ended_leaves_nothing_behind",
        "base/test_rooms.py::test_room_of_a_killed_process_is_removed_by_the_next",
    ),
    "a picture that fails takes the session along, or is missing in silence": (
        "cli/test_endings.py::test_picture_that_memory_does_not_suffice_for_costs_the_picture",
        "test_full_disk.py::test_disk_that_is_full_at_the_end_is_told",
    ),
    "a user's expression never comes to an end": (
        "measure/test_sitefacts.py::test_expression_without_an_end_is_named_with_its_page",
        "measure/test_sitefacts.py::test_no_command_waits_for_it",
    ),
    "another user has made our folder": (
        "cluster/test_locks.py::test_folder_of_another_user_is_refused",
    ),
    "actions move, and expressions become commands": (
        "ci/test_yaml.py::test_workflows_lint",
        "ci/test_yaml.py::test_no_expression_stands_in_a_command",
        "ci/test_yaml.py::test_workflows_are_bounded_and_may_little",
    ),
    "strangers' words steer a terminal": (
        "cli/test_endings.py::test_strangers_words_do_not_steer_a_terminal",
    ),
    "connections over TLS take memory without a bound": (
        "mirror/test_tls.py::test_clients_that_never_read_take_no_more_memory_than_they_may",
    ),
    "what is no regular file is replaced": (
        "base/test_storage.py::test_device_is_written_to_and_stays",
        "base/test_storage.py::test_link_stays_and_its_target_is_replaced",
        "cli/test_endings.py::test_output_may_be_a_device_or_a_dash",
    ),
    "a page is read otherwise than by a browser": (
        "sites/parsers/test_parsers.py::test_own_child_is_not_one_at_any_depth",
        "sites/test_custom.py::test_links_are_relative_to_the_address_on_the_real_site",
        "sites/test_custom.py::test_base_is_found_in_any_encoding",
        "sites/test_charsets.py::test_old_euro_sign_of_gbk_is_read",
    ),
    "what lies beside a user's file does not count": (
        "cli/test_users_files.py::test_data_beside_a_site_in_python_are_part_of_its_content",
    ),
    "a contestant is false": ("measure/test_contestants.py::test_false_contestant_is_invalid",),
}


@pytest.mark.parametrize("kind", FOUND)
def test_kind_of_fault_has_its_tests(kind):
    """By name, in the file that is named."""
    for place in FOUND[kind]:
        file, _, name = place.partition("::")
        tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, place
