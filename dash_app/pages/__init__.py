"""The pages: a view in, components out. What they have in common is `dash_app.shell` and `dash_app.components`."""

from collections.abc import Mapping

from dash_app.pages import city, compare, data, day, overview, sheet, table, years
from dash_app.state import Page
from dash_app.view import Render

PAGES: Mapping[Page, Render] = {
    "overview": overview.page,
    "city": city.page,
    "sheet": sheet.page,
    "years": years.page,
    "compare": compare.page,
    "table": table.page,
    "data": data.page,
    "day": day.page,
}
