"""What generated code is made of: identifiers by type and role, everyday words, short phrases."""

from __future__ import annotations

_INT = (
    "n k total count x num result res limit size value val a b acc best step m low high score "
    "diff left right ans number amount target start end width height age index offset cur "
    "current depth level max_value min_value threshold length ret position rank quantity "
    "price points y z p q"
)
_STR = (
    "s text word string out result res line name prefix sep key t msg token suffix sub "
    "sentence value st char message phrase pattern label title content input_str new_str "
    "output ans ret data delimiter chars txt path code"
)

NAMES: dict[str, tuple[str, ...]] = {
    "int": tuple(_INT.split()),
    "str": tuple(_STR.split()),
    "float": tuple("x y rate price ratio value avg mean weight total score temp amount factor".split()),
    "bool": tuple(
        "flag found ok valid done is_valid has_match changed matched success enabled strict".split()
    ),
    "li": tuple(
        (
            "nums numbers arr array values items lst data result xs stack queue scores out res a b "
            "ans output elements sequence sorted_nums numbs l1 ints temp new_list"
        ).split()
    ),
    "ls": tuple(
        (
            "words names parts strs tokens lines items lst result letters out chars strings res "
            "pieces fields new_list array data ans tags keys texts"
        ).split()
    ),
    "di": tuple(
        (
            "d counts freq scores dic mapping ages prices table seen stock counter result inventory "
            "data out dct res frequency totals cnt"
        ).split()
    ),
    "ds": tuple(
        ("d labels mapping table info config result lookup data dic names out pairs settings record").split()
    ),
    "dn": tuple("d index by_id table lookup mapping dic cache data result positions memo".split()),
    "dl": tuple("groups graph index d buckets grouped data adj result children mapping tree".split()),
    "ti": tuple("pair point tup t coords values bounds dims test_tup rgb".split()),
    "tp": tuple("pair entry item record row person".split()),
    "lp": tuple("pairs entries items records rows people test_list data".split()),
    "ll": tuple("grid rows matrix lists mat table board m nested groups pairs lst".split()),
    "lf": tuple("values weights rates xs prices temps data nums".split()),
    "si": tuple("seen uniq visited unique s found members ids".split()),
    "fn": tuple("fn func op key action transform".split()),
}

ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "index": ("int", tuple("i i i i j j k idx index pos".split())),
    "elem": ("int", tuple("x x n num num v value val item i el element e number a y score p".split())),
    "chr": ("str", tuple("c c c ch ch char char letter i x s l symbol".split())),
    "word": ("str", tuple("w w word word s name item x token part string line i elem t".split())),
    "key": ("str", tuple("k k k key key name word item i".split())),
    "val": ("int", tuple("v v v val val value count num n".split())),
    "row": ("li", tuple("row row r line sub lst sublist group x".split())),
    "total": ("int", tuple("total count result res acc ans s sum_ cnt n c counter score".split())),
}
"""Roles that a fresh variable can have: its type, and the names people give it."""

FUNCTIONS = tuple(
    (
        "f f f f f f f f solve solution helper process compute check transform func apply update "
        "build calc scan merge clean score run main find_items get_value count_items parse "
        "normalize convert get_result is_valid remove_items filter_values make select evaluate "
        "handle test split_text combine reduce_list sort_items summarize"
    ).split()
)

HELPERS = tuple(
    "helper g inner is_ok step get_score combine adjust scale format_item key_of weight bump".split()
)

WORDS = tuple(
    (
        "apple banana cat dog red blue green hello world foo bar baz alpha beta key value one two "
        "three test data code tree river stone light abc xyz aa bb hi py ok yes no up left zeta "
        "max min mix lamp sun moon star fish bird list name id python lemon grape cherry table "
        "chair book page city road alice bob carol dave eve tom anna john mary level noon radar "
        "kayak mom dad wow pop a b c d e x y z total price qty size color item type user admin "
        "guest monday friday north south east west summer winter spring gold silver iron wood "
        "water fire earth wind music error warn info debug open close start stop begin end first "
        "last next prev main sub add mul div low high"
    ).split()
)

PHRASES = (
    "hello world",
    "the quick brown fox",
    "a b c",
    "to be or not to be",
    "red green blue",
    "I am here",
    "one two three",
    "Hello, World!",
    "foo bar baz",
    "key=value",
    "a,b,c",
    "x-y-z",
    "2024-01-15",
    "John Smith",
    "no no yes no",
    "this is a test",
    "Python is fun",
    "  padded  ",
    "line one\nline two",
    "a=1;b=2",
    "user@example.com",
    "AbC dEf",
    "1,2,3,4",
    "10 20 30",
    "abc123def",
    "Mr. X",
    "what?!",
    "a.b.c",
    "/usr/local/bin",
    "file.txt",
    "readme.md",
    "one, two, three",
    "tic-tac-toe",
    "snake_case_name",
    "camelCaseName",
    "123 Main St",
    "C++ or C",
    "50% off",
    "(a + b) * c",
    "((a)(b))",
    "[1, 2]",
    "{x}",
    "<b>bold</b>",
    "tab\there",
    "été",
    "naïve café",
    "ab\nba",
    "A1b2C3",
)
