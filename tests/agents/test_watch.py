"""The loop watch: what is a loop, what is not, and the ladder."""

from hypothesis import given
from hypothesis import strategies as st

from agents.missions.watch import LoopWatch, Verdict, advice
from agents.models.chat import ToolCall


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(id="x", name=name, arguments=arguments)


def test_the_same_call_with_the_same_result_climbs_the_ladder() -> None:
    watch = LoopWatch()
    seen = [watch.saw(call("file_read", path="a.py"), "text")[0] for _ in range(5)]
    assert seen == [Verdict.FINE, Verdict.FINE, Verdict.WARN, Verdict.REDIRECT, Verdict.STOP]


def test_five_reads_of_five_files_are_no_loop() -> None:
    watch = LoopWatch()
    verdicts = {watch.saw(call("file_read", path=f"{n}.py"), "text")[0] for n in range(5)}
    assert verdicts == {Verdict.FINE}


def test_the_same_command_with_another_result_is_progress() -> None:
    watch = LoopWatch()
    verdicts = {watch.saw(call("shell_run", command="pytest"), f"{n} failed")[0] for n in range(9)}
    assert verdicts == {Verdict.FINE}


def test_running_the_tests_again_after_an_edit_is_no_loop() -> None:
    watch = LoopWatch()
    for n in range(6):
        assert watch.saw(call("file_edit", path="a.py", old=str(n), new=str(n + 1)), "done")[0] is Verdict.FINE
        assert watch.saw(call("shell_run", command="pytest"), "1 failed")[0] is Verdict.FINE


def test_writing_the_same_two_versions_in_turn_is_a_loop() -> None:
    watch = LoopWatch()
    verdicts = [watch.saw(call("file_write", path="a.py", content=str(n % 2)), "ok")[0] for n in range(10)]
    assert verdicts[-1] is Verdict.STOP


def test_the_model_is_told() -> None:
    assert "3 times" in advice(Verdict.WARN, 3)
    assert "another way" in advice(Verdict.REDIRECT, 4)
    assert advice(Verdict.FINE, 1) == ""


@given(st.lists(st.tuples(st.sampled_from(["file_read", "shell_run", "file_write"]), st.text(max_size=3)), max_size=60))
def test_it_never_stops_what_it_has_not_seen_five_times(calls: list[tuple[str, str]]) -> None:
    watch = LoopWatch()
    for index, (name, argument) in enumerate(calls):
        verdict, times = watch.saw(call(name, argument=argument), "same")
        assert times <= calls[: index + 1].count((name, argument))
        assert verdict is not Verdict.STOP or times >= 5
