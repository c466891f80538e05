"""What cannot be in a medical file, by page and by JSON: a clear answer, nothing lost of what was typed, nothing half
done.

Each thing that goes wrong, and the tests that do it; one of them says that they are there.

Blood pressure 12/8 and 120/80: asked, never guessed
    test_rounds.py::test_a_nurse_is_asked_about_centimetres_and_loses_nothing
    records/test_vitals.py::test_centimetres_of_mercury_are_asked_and_never_guessed
    records/test_vitals.py::test_two_pressures_are_in_order_or_refused
Temperature 375
    test_rounds.py::test_a_fever_of_375_and_a_date_next_year_come_back_with_a_clear_word
    records/test_vitals.py::test_what_cannot_be_is_refused_with_what_it_looks_like
A weight in the wrong unit
    test_bad_files.py::test_a_weight_in_the_wrong_unit_comes_back_in_its_round_with_all_that_was_typed
    test_weights.py::test_what_cannot_be_or_is_hardly_meant_comes_back_as_it_was_typed
    records/test_record_forms.py::test_a_weight_that_cannot_be_is_refused_with_what_it_looks_like
A date next year
    test_rounds.py::test_a_fever_of_375_and_a_date_next_year_come_back_with_a_clear_word
    test_papers.py::test_a_date_to_come_and_a_type_that_no_paper_is_are_refused_with_what_was_typed
    records/test_results.py::test_a_date_next_year_is_refused
Two doctors on one problem
    test_noting_problems.py::test_it_ends_and_whoever_had_the_older_version_decides_again
    records/test_problems.py::test_the_second_of_two_doctors_decides_again
A PDF named .jpg
    test_papers.py::test_the_file_itself_is_only_what_it_is_and_nothing_in_it_runs
A zip bomb, an SVG, a picture of 9,000 × 9,000 px
    test_papers.py::test_what_cannot_be_kept_is_said_beside_what_was_typed
    papers/test_decoder.py::test_what_is_not_fit_is_refused_and_says_why
    papers/test_decoder.py::test_it_has_a_process_of_its_own_with_so_much_memory_and_no_file_to_write
An upload cut at 90 % and sent again
    test_papers.py::test_parts_come_after_a_break_and_again_and_out_of_order
    test_papers.py::test_what_arrives_otherwise_or_unfit_begins_anew
    system/test_papers_on_screen.py::test_a_break_takes_nothing_back_and_the_patient_sees_it_come
200 uploads at once
    test_papers.py::test_two_hundred_at_once_are_all_kept
A full disk
    test_papers.py::test_a_full_disk_keeps_nothing_and_says_so
    test_taken_away.py::test_on_a_full_disk_it_is_refused_and_nothing_is_begun
    papers/test_intake.py::test_a_part_for_which_there_is_no_room_is_taken_again_from_where_it_broke_off
The export of a file of 5,000 entries over 50 kbit/s
    live/test_long_exports.py::test_others_act_while_it_is_made_and_while_it_is_taken_slowly
    test_taken_away.py::test_a_download_that_broke_off_goes_on_where_it_was
A link guessed, used twice, used after its end
    test_links_for_another_doctor.py::test_a_link_that_there_is_not_says_so_and_is_counted
    test_links_for_another_doctor.py::test_five_end_it_and_the_right_one_comes_too_late
    test_links_for_another_doctor.py::test_it_is_opened_once_and_goes_on_in_that_browser_for_half_an_hour
    test_links_for_another_doctor.py::test_its_time_is_the_patients_choice_and_ends_it
A link of the chain changed, removed, swapped
    chain/test_attacks.py::test_it_is_named
    chain/test_attacks.py::test_what_is_broken_is_named_with_what_stands_around_it
The whole file replaced by an older one
    chain/test_attacks.py::test_an_older_file_lacks_the_kept_seal
    chain/test_attacks.py::test_a_tail_cut_with_its_seals_lacks_the_kept_one
"""

import html

import pytest
from callers import Callers
from cast import DIOP, GASSAMA
from named_tests import missing
from store import Store
from told import Told


def test_each_of_these_tests_is_there() -> None:
    assert missing(__doc__, least=25) == []


@pytest.mark.parametrize(("typed", "unit"), [("62500", "kg"), ("62,5", "g")])
async def test_a_weight_in_the_wrong_unit_comes_back_in_its_round_with_all_that_was_typed(
    clinic: Callers, told: Told, store: Store, typed: str, unit: str
) -> None:
    before = store.content(readings=False)
    sent = {"blood_pressure": "120/80", "pulse": "80", "temperature": "37,8", "body_weight": typed, "unit": unit}
    for person in (GASSAMA, DIOP):
        page = await clinic.browser(person).post("/patients/awa/vitals", sent)
        shown = html.unescape(page.text)
        assert page.status == 422 and 'role="alert"' in shown
        for value in ("120/80", "80", "37,8", typed):
            assert f'value="{value}"' in shown
        problem = (await clinic.program(person).post("/patients/awa/vitals", sent)).problem(422)
        assert problem["errors"].keys() == {"body_weight"} and "confirm" not in problem, "it is said, and not asked"
    assert store.content(readings=False) == before
