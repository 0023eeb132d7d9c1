"""What a session printed on being asked for a secret, and what it printed otherwise."""

from __future__ import annotations

import pytest

from envsnap.redact import answers, decision
from envsnap.replay.recorder.masks import Masks

ASKED = (
    '>>> os.environ["HF_TOKEN"]', "In [3]: settings.SECRET_KEY", "(Pdb) p db_password", "$ echo $DB_PASSWORD",
    "joe@gpu-1:~/app$ printenv API_TOKEN", "# cat /run/secrets/db", "$ vault kv get -field=password secret/db",
    "$ pass show prod/db", "$ op read op://prod/db/password", "$ gcloud secrets versions access latest --secret=db",
    "$ aws ssm get-parameter --name /db --with-decryption --output text", "$ terraform output -raw db_password",
    "$ kubectl get secret db -o jsonpath='{.data.password}' | base64 -d",
)  # fmt: skip
OTHERS = (
    ">>> len(rows)", ">>> tokenizer.vocab_size", "$ echo $HOME", "$ cat tokens.txt", "$ cat tokenizer.json", "$ nproc",
    "In [4]: model.name", "$ export DB_PASSWORD=x7", "$ kubectl get pods", "$ git rev-parse HEAD",
)  # fmt: skip


@pytest.mark.parametrize("line", ASKED)
@pytest.mark.parametrize("answer", ["cocoapuddle", "'cocoapuddle'", "Zk93jdkQ2s"])
def test_the_answer_is_cut(line: str, answer: str) -> None:
    shown = decision.message(f"{line}\n{answer}\n$ date\n", {})
    assert answer.strip("'") not in shown
    assert shown.startswith(line)


@pytest.mark.parametrize("line", OTHERS)
def test_other_answers_stay(line: str) -> None:
    assert not answers.spans(f"{line}\ncocoapuddle\n")


def test_lines_that_are_judged_one_by_one_remember_what_was_asked() -> None:
    masks = Masks(100)
    shown = [masks.shown(line) for line in ("$ echo $DB_PASSWORD", "cocoapuddle", "$ nproc", "cocoapuddle")]  # fmt: skip
    assert "cocoapuddle" not in shown[1]
    assert shown[3] == "cocoapuddle"
