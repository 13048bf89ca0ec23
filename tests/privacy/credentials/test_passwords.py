"""What is taken for a password by the name before it, in code and in sentences, and what is not."""

from __future__ import annotations

import time

import pytest

from hfsft.privacy.credentials.secrets import find

CHOSEN = "Kr4nich&77hut"
FOUND = [
    *("password = {}", "DB_PASSWORD={}", 'password: str = "{}"', '{{"password": "{}"}}', "'passwd' => '{}'"),
    *(
        "REDIS_PASSWORD_PROD: '{}'",
        "mysql -u root --password={} shop",
        "psql --password {} x",
        "<password>{}</password>",
    ),
    *("CREATE USER ana WITH PASSWORD '{}'", 'settings.put("pwd", "{}")', "secret := `{}`", "rootPassword = '{}'"),
    *(
        "My password is {}.",
        "the passphrase was {}, I think",
        "Passwort: {}",
        "le mot de passe est {}",
        "mật khẩu là {}",
    ),
    *(
        "密码是{}。",
        "密码：{}，",
        "パスワードは{}",
        "пароль: {}",
        "la contraseña es {}",
        "비밀번호는 {}",
        "| Password | `{}` |",
    ),
]
NONE = [
    "password = input()",
    "password = os.environ['DB_PASSWORD_2']",
    "self.password = self.config.password2",
    "const password = document.getElementById('field1').value",
    "const token = req.headers['x-token-1'];",
    "password = md5($_POST['p1'])",
    "password = hash_password2(entered, salt1)",
    "password=$(cat /run/secrets/1)",
    "password = ${DB_PASSWORD_1}",
    "token = tokenizer.encode(text, max_length=512)",
    "password_hash = 'a9f8e7d6c5b4'",
    "token_id: a1b2c3d4e5f6",
    "encrypted_password: 'a1b2c3d4'",
    'password = "password123"',
    "password: changeme1",
    'secret = "my_secret_token1"',
    "password: 12345678",
    "password: min8chars",
    "The password is 8-16 characters long, base64-encoded.",
    "| password | varchar(255) |",
    '"password": "required|min:8|confirmed"',
    '{"password": {"type": "string", "minLength": 8}}',
    "Reset your password: https://shop.example.com/reset/1",
    "pwd is C:/work/a1/b2",
    "The name of the secretary is Cheryl22.",
    "Password: <PASSWORD_1>",
    "max_tokens: 100000",
    "assert check('password') == 'a1b2c3d4e5'",
]


@pytest.mark.parametrize("text", FOUND)
def test_a_password_is_found_by_its_name(text: str) -> None:
    said = text.format(CHOSEN)
    assert [(each.kind, said[each.start : each.end]) for each in find(said)] == [("password", CHOSEN)]
    assert find(said, short=False) == []


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_password(text: str) -> None:
    assert find(text) == []


def test_a_key_of_16_characters_in_a_field_is_one_that_no_release_may_hold() -> None:
    key = "k3v9x2m4p7q1z8w5t6"
    assert [each.kind for each in find(f"DB_PASSWORD={key}", short=False)] == ["key in a field"]


@pytest.mark.parametrize(
    "piece", ["password", "password_a", "password = '", "password is ", "--token ", "pwd=a1", "密码是"]
)
def test_looking_takes_no_longer_than_the_text_is_long(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "x"
    find(text[:100])
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 2  # with the square of the size it were minutes
