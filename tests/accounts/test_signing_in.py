"""Signing in: one place where a password is checked, guesses are slowed, and nothing says whether an account exists."""

import asyncio
from collections import Counter

import pytest
from cast import ADMIN, AWA, DIOP, EMAILS, PASSWORD, PHONES
from limits import RateLimitItemPerMinute

from fadjma.accounts import actions, signing_in
from fadjma.events import security
from fadjma.identity import passwords, sessions
from fadjma.identity.devices import Device
from fadjma.identity.enrolment import NewPerson
from fadjma.refusals import Forbidden, Invalid, Refusal, Throttled
from fadjma.store import Database
from fadjma.web.throttle import SIGN_IN_PER_ADDRESS, Throttle

WRONG = "not the password"


class Door:
    """Where people knock from one address, with attempts counted; hashing is replaced by a comparison."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.throttle = Throttle()

    async def knock(
        self, login: str, password: str = PASSWORD, address: str = "127.0.0.1", device: Device | None = None
    ) -> tuple[str, str]:
        return await signing_in.sign_in(
            self.database,
            self.throttle,
            login,
            password,
            kind="browser",
            address=address,
            agent="tests",
            mark=address,
            device=device,
        )


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No password is right, and finding that out takes no time: for the tests that only count."""

    async def verify(password: str, stored: list[str]) -> int | None:
        return 0 if password == PASSWORD and stored else None

    monkeypatch.setattr(passwords, "verify", verify)


async def _refusal(door: Door, login: str, password: str = WRONG, address: str = "127.0.0.1") -> Refusal:
    with pytest.raises(Refusal) as caught:
        await door.knock(login, password, address)
    return caught.value


@pytest.mark.parametrize("login", [EMAILS[AWA.id], EMAILS[AWA.id].upper(), "77 123 45 67", PHONES[AWA.id]])
async def test_awa_signs_in_with_her_email_or_her_phone(door: Door, login: str) -> None:
    secret, user_id = await door.knock(login)
    assert user_id == AWA.id
    viewer = await door.database.read(sessions.viewer, secret)
    assert viewer is not None


async def test_an_unknown_account_and_a_wrong_password_get_the_same_answer(door: Door) -> None:
    unknown, wrong = await _refusal(door, "nobody@demo.fadjma"), await _refusal(door, EMAILS[AWA.id])
    assert isinstance(unknown, Invalid)
    assert isinstance(wrong, Invalid)
    assert unknown.errors == wrong.errors


@pytest.mark.parametrize("status", ["pending", "deactivated"])
@pytest.mark.usefixtures("quick")
async def test_an_account_that_is_not_active_is_only_explained_to_whoever_has_its_password(
    door: Door, status: str
) -> None:
    await door.database.write(lambda tx: tx.execute("UPDATE users SET status = ? WHERE id = ?", (status, DIOP.id)))
    assert isinstance(await _refusal(door, EMAILS[DIOP.id], PASSWORD), Forbidden)
    assert isinstance(await _refusal(door, EMAILS[DIOP.id], WRONG), Invalid)


@pytest.mark.usefixtures("quick")
async def test_guessing_one_account_is_slowed_from_wherever_it_is_guessed(door: Door) -> None:
    for attempt in range(10):
        assert isinstance(await _refusal(door, EMAILS[AWA.id], address=f"10.0.0.{attempt}"), Invalid)
    throttled = await _refusal(door, EMAILS[AWA.id], PASSWORD, address="10.0.1.1")
    assert isinstance(throttled, Throttled)
    assert 0 < throttled.retry_after <= 15 * 60


@pytest.mark.usefixtures("quick")
async def test_email_and_phone_are_two_names_of_one_account_for_the_throttle(door: Door) -> None:
    for _ in range(5):
        await _refusal(door, EMAILS[AWA.id])
        await _refusal(door, PHONES[AWA.id])
    assert isinstance(await _refusal(door, EMAILS[AWA.id]), Throttled)


@pytest.mark.usefixtures("quick")
async def test_an_unknown_account_is_slowed_like_a_known_one(door: Door) -> None:
    for _ in range(10):
        assert isinstance(await _refusal(door, "nobody@demo.fadjma"), Invalid)
    assert isinstance(await _refusal(door, "NOBODY@demo.fadjma"), Throttled)


@pytest.mark.usefixtures("quick")
async def test_the_right_password_forgets_the_wrong_ones(door: Door) -> None:
    for _ in range(3):
        for _ in range(9):
            await _refusal(door, EMAILS[AWA.id])
        await door.knock(EMAILS[AWA.id])


@pytest.mark.usefixtures("quick")
async def test_guessing_many_accounts_from_one_address_is_slowed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SIGN_IN_PER_ADDRESS", RateLimitItemPerMinute(3, 15, "few"))
    for number in range(3):
        assert isinstance(await _refusal(door, f"somebody{number}@demo.fadjma"), Invalid)
    assert isinstance(await _refusal(door, "another@demo.fadjma"), Throttled)
    assert isinstance(await _refusal(door, "another@demo.fadjma", address="10.0.0.9"), Invalid)


@pytest.mark.usefixtures("quick")
async def test_right_ones_are_not_counted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SIGN_IN_PER_ADDRESS", RateLimitItemPerMinute(3, 15, "few"))
    for _ in range(12):
        await door.knock(EMAILS[AWA.id])
        await door.knock(EMAILS[DIOP.id])


@pytest.mark.usefixtures("quick")
async def test_twelve_right_ones_at_once_are_all_let_in(door: Door) -> None:
    await asyncio.gather(*(door.knock(EMAILS[AWA.id]) for _ in range(12)))


@pytest.mark.usefixtures("quick")
async def test_a_hundred_guesses_at_once_are_ten(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    async def verify(password: str, stored: list[str]) -> int | None:
        looked_at.append(password)
        await asyncio.sleep(0)
        return None

    monkeypatch.setattr(passwords, "verify", verify)
    refused = await asyncio.gather(*(_refusal(door, EMAILS[AWA.id], f"guess {n}") for n in range(100)))
    assert len(looked_at) == 10
    assert sum(isinstance(refusal, Throttled) for refusal in refused) == 90


class TestWhereSomebodyHasSignedInBefore:
    """A stranger who guesses uses up what strangers have."""

    DEVICE = Device("her phone", (AWA.id,))

    @pytest.fixture(autouse=True)
    async def locked(self, door: Door, quick: None) -> None:
        await door.knock(EMAILS[AWA.id], address="10.0.0.1")
        for attempt in range(11):
            await _refusal(door, EMAILS[AWA.id], address=f"10.9.0.{attempt}")

    async def test_strangers_wait(self, door: Door) -> None:
        with pytest.raises(Throttled):
            await door.knock(EMAILS[AWA.id], address="10.8.0.1")
        other = Device("another", (DIOP.id,))
        with pytest.raises(Throttled):
            await door.knock(EMAILS[AWA.id], address="10.8.0.1", device=other)

    async def test_her_device_does_not_wherever_it_is(self, door: Door) -> None:
        assert (await door.knock(EMAILS[AWA.id], address="10.8.0.1", device=self.DEVICE))[1] == AWA.id

    async def test_nor_does_a_program_at_its_usual_address(self, door: Door) -> None:
        assert (await door.knock(EMAILS[AWA.id], address="10.0.0.1"))[1] == AWA.id

    async def test_a_device_has_its_own_end(self, door: Door) -> None:
        for _ in range(10):
            with pytest.raises(Invalid):
                await door.knock(EMAILS[AWA.id], WRONG, address="10.8.0.1", device=self.DEVICE)
        with pytest.raises(Throttled):
            await door.knock(EMAILS[AWA.id], address="10.8.0.1", device=self.DEVICE)


@pytest.mark.usefixtures("quick")
async def test_a_network_of_ipv6_is_one_address(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "SIGN_IN_PER_ADDRESS", RateLimitItemPerMinute(3, 15, "few"))
    for number in range(3):
        await _refusal(door, f"somebody{number}@demo.fadjma", address=f"2001:db8:1:2:{number}::1")
    assert isinstance(await _refusal(door, "x@demo.fadjma", address="2001:db8:1:2:ffff::"), Throttled)
    assert isinstance(await _refusal(door, "x@demo.fadjma", address="2001:db8:1:3::1"), Invalid)


async def test_a_whole_clinic_may_share_an_address() -> None:
    assert SIGN_IN_PER_ADDRESS.amount >= 100


@pytest.mark.usefixtures("quick")
async def test_admins_see_who_failed_and_when_it_was_slowed(door: Door) -> None:
    for _ in range(12):
        await _refusal(door, EMAILS[AWA.id], address="10.7.7.7")
    await _refusal(door, "nobody@demo.fadjma", address="10.7.7.8")
    found = await door.database.read(security.browse, ADMIN)
    assert Counter((event.kind, event.account_id, event.address) for event in found) == {
        ("sign_in_failed", AWA.id, "10.7.7.7"): 10,
        ("sign_in_locked", AWA.id, "10.7.7.7"): 1,
        ("sign_in_failed", None, "10.7.7.8"): 1,
    }


async def test_nobody_else_does(door: Door) -> None:
    for person in (AWA, DIOP):
        with pytest.raises(Forbidden):
            await door.database.read(security.browse, person)


async def test_an_account_made_by_an_admin_can_sign_in(door: Door) -> None:
    hashed = await passwords.hash_password(PASSWORD)
    person = NewPerson(given_name="A", family_name="Sy", email="sy@x.sn", phone=None, password_hash=hashed)
    made = await door.database.write(actions.create_admin, person)
    _, user_id = await door.knock("sy@x.sn")
    assert user_id == made


async def test_each_of_a_family_signs_in_to_their_own_account_with_the_shared_phone(door: Door) -> None:
    hashed = await passwords.hash_password("une autre phrase")
    person = NewPerson(given_name="Assane", family_name="Cissé", email=None, phone=PHONES[AWA.id], password_hash=hashed)
    son = await door.database.write(actions.register_patient, person, birth_date="2015-01-01", sex="male", city="Dakar")
    assert (await door.knock("77 123 45 67", "une autre phrase"))[1] == son
    assert (await door.knock("77 123 45 67", PASSWORD))[1] == AWA.id


class TestAStrangerWhoHasRegisteredWithHerPhone:
    """Anybody can: a family shares one, and nobody looks whose it is."""

    @pytest.fixture
    async def stranger(self, door: Door) -> str:
        return await self._register(door, "une autre phrase")

    async def _register(self, door: Door, password: str) -> str:
        hashed = await passwords.hash_password(password)
        person = NewPerson(
            given_name="Modou", family_name="Fall", email=None, phone=PHONES[AWA.id], password_hash=hashed
        )
        return await door.database.write(
            actions.register_patient, person, birth_date="1990-01-01", sex="male", city="Dakar"
        )

    async def test_does_not_lock_her_out_by_failing_at_their_own_account(self, door: Door, stranger: str) -> None:
        await door.knock(PHONES[AWA.id], address="10.0.0.1")  # where she has signed in, strangers use nothing up
        for attempt in range(11):
            await _refusal(door, PHONES[AWA.id], address=f"10.9.0.{attempt}")
        assert (await door.knock(PHONES[AWA.id], address="10.0.0.1"))[1] == AWA.id
        assert isinstance(await _refusal(door, PHONES[AWA.id], address="10.0.0.1"), Throttled)
        assert isinstance(await _refusal(door, PHONES[AWA.id], "une autre phrase", address="10.0.0.1"), Throttled)

    async def test_does_not_guess_uncounted_what_fits_their_own(self, door: Door, stranger: str) -> None:
        for _ in range(10):
            assert (await door.knock(PHONES[AWA.id], "une autre phrase"))[1] == stranger
        assert isinstance(await _refusal(door, EMAILS[AWA.id], PASSWORD), Throttled)
        assert (await door.knock(PHONES[AWA.id], "une autre phrase"))[1] == stranger
        hashed = await passwords.hash_password(PASSWORD)
        await door.database.write(passwords.put, stranger, hashed)
        assert (await door.knock(PHONES[AWA.id], PASSWORD))[1] == stranger  # and not: which of the two are you
        found = await door.database.read(security.browse, ADMIN)
        assert [(event.kind, event.account_id) for event in found] == [
            ("sign_in_locked", AWA.id),
            ("sign_in_failed", AWA.id),
        ]

    @pytest.mark.usefixtures("quick")
    async def test_pushes_her_out_by_no_number_of_accounts(self, door: Door) -> None:
        for number in range(9):
            waiting = NewPerson(
                given_name="X", family_name=str(number), email=None, phone=PHONES[AWA.id], password_hash="another"
            )
            await door.database.write(
                actions.register_practitioner,
                waiting,
                "doctor",
                licence_number="1",
                specialty="",
                organization_id="clinic-teranga",
            )
        assert (await door.knock(PHONES[AWA.id]))[1] == AWA.id


async def test_a_password_that_is_replaced_while_it_is_checked_opens_nothing(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has it stolen changes it, and every session ends: none may begin after that."""
    look = passwords.verify

    async def verify(password: str, stored: list[str]) -> int | None:
        found = await look(password, stored)
        await door.database.write(passwords.put, AWA.id, "another hash")
        return found

    monkeypatch.setattr(passwords, "verify", verify)
    refusal = await _refusal(door, EMAILS[AWA.id], PASSWORD)
    assert isinstance(refusal, Invalid)
    assert set(refusal.errors) == {"password"}


async def test_a_refused_sign_in_opens_nothing(door: Door) -> None:
    def count(tx: object) -> int:
        return tx.value("SELECT count(*) FROM sessions")  # type: ignore[attr-defined, no-any-return]

    before = await door.database.read(count)
    await _refusal(door, EMAILS[ADMIN.id])
    assert await door.database.read(count) == before


class TestEnteringThePasswordAgain:
    """Before a grave act, by somebody who is signed in."""

    @pytest.fixture
    async def stored(self, door: Door) -> str:
        return await door.database.read(passwords.own_hash, DIOP)

    async def test_the_right_one_is_taken(self, door: Door, stored: str) -> None:
        await signing_in.confirm_password(door.throttle, DIOP.id, PASSWORD, stored)

    @pytest.mark.parametrize("password", ["", WRONG])
    async def test_a_wrong_one_is_not(self, door: Door, stored: str, password: str) -> None:
        with pytest.raises(Invalid) as refusal:
            await signing_in.confirm_password(door.throttle, DIOP.id, password, stored)
        assert set(refusal.value.errors) == {"password"}

    @pytest.mark.usefixtures("quick")
    async def test_guesses_are_counted(self, door: Door, stored: str) -> None:
        for _ in range(10):
            with pytest.raises(Invalid):
                await signing_in.confirm_password(door.throttle, DIOP.id, WRONG, stored)
        with pytest.raises(Throttled):
            await signing_in.confirm_password(door.throttle, DIOP.id, PASSWORD, stored)

    @pytest.mark.usefixtures("quick")
    async def test_no_stranger_at_the_door_keeps_a_doctor_from_an_emergency(self, door: Door, stored: str) -> None:
        for _ in range(11):
            await _refusal(door, EMAILS[DIOP.id])
        assert isinstance(await _refusal(door, EMAILS[DIOP.id], PASSWORD), Throttled)
        await signing_in.confirm_password(door.throttle, DIOP.id, PASSWORD, stored)
