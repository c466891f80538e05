"""Every page of an admin is in one list, and each leads back to it."""

import re

import pytest
from callers import Callers
from cast import ADMIN, DIOP
from told import READS, Route, Told

HERE = "/administration"
PAGES = [route for route in READS if route.who == ADMIN and route.path != HERE]


async def test_it_lists_every_page_that_an_admin_opens_without_more(clinic: Callers) -> None:
    page = (await clinic.browser(ADMIN).get(HERE)).text
    listed = set(re.findall(r'<li><a href="([^"]+)"', page))
    assert {route.path for route in PAGES if not re.search(r"[{?]|/new$", route.path)} <= listed
    for address in listed:
        assert (await clinic.browser(ADMIN).get(address)).status == 200, address


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.path)
async def test_each_leads_back_to_it(clinic: Callers, told: Told, route: Route) -> None:
    assert f'<a href="{HERE}">' in (await clinic.browser(ADMIN).get(route.at(told))).text


async def test_nobody_else_is_led_there(clinic: Callers) -> None:
    assert HERE not in (await clinic.browser(DIOP).get("/organizations")).text
    assert (await clinic.browser(DIOP).get(HERE)).status == 403
