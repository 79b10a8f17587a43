"""How Sphinx builds these pages: ``python -m sphinx -W --keep-going -b html docs OUTPUT``; nothing is downloaded."""

import pathlib
import sys

from diskarray import __version__ as version

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "diskarray"
author = "the diskarray authors"
copyright = author
release = version

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "public_names",
]
exclude_patterns = ["_build", "examples", "**/.jupyter_cache", "**/.ipynb_checkpoints"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Tutorials run when their text has changed; one that fails stops the build.
nb_execution_mode = "cache"
nb_execution_timeout = 1200
nb_execution_raise_on_error = True
nb_merge_streams = True
REAL_DATA = HERE.parents[1] / "shared" / "data" / "gpi"
nb_execution_excludepatterns = [] if REAL_DATA.exists() else ["tutorials/real_disk.md"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "pydata_sphinx_theme"
html_title = f"diskarray {version}"
html_static_path = ["_static"]
html_css_files = ["diskarray.css"]
html_sidebars = {"*": []}  # single pages have no section to navigate
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 6,
    "logo": {"text": "diskarray"},
    "pygments_light_style": "tango",
}
