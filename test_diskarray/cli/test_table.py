from diskarray.cli.table import parameter_table


def rows(table):
    return [line.split() for line in table.splitlines()]


def test_values_have_the_digits_of_their_sigma():
    table = parameter_table(
        {
            "inclination": {"value": 76.43214, "sigma": 0.03121, "unit": "deg"},
            "radius": {"value": 1234.567, "sigma": 23.4, "unit": "au"},
            "optical_depth": {"value": 3.23456e-9, "sigma": 2.3e-10, "unit": ""},
        }
    )
    assert rows(table)[1:] == [
        ["inclination", "76.432", "0.031", "deg"],
        ["radius", "1235", "23", "au"],
        ["optical_depth", "3.23e-09", "2.3e-10"],
    ]


def test_an_unknown_sigma_is_a_dash_and_a_bound_is_marked():
    table = parameter_table({"g": {"value": 0.95, "sigma": None, "unit": ""}}, at_bound=("g",), truth={"g": 0.9})
    assert rows(table)[1] == ["g", "(at", "bound)", "0.95000", "-", "0.90000", "-"]


def test_the_pull_is_in_sigmas():
    table = parameter_table({"radius": {"value": 78.0, "sigma": 0.5, "unit": "au"}}, truth={"radius": 77.0})
    assert rows(table)[1] == ["radius", "78.00", "0.50", "au", "77.00", "+2.00"]


def test_columns_line_up():
    table = parameter_table(
        {
            "a": {"value": 1.0, "sigma": 0.1, "unit": "au"},
            "much_longer": {"value": 100.0, "sigma": 0.1, "unit": "deg"},
        }
    )
    header, first, second = table.splitlines()
    assert first.index("au") == second.index("deg") == header.index("unit")
