"""Ten skills as people write them, and twenty tasks with the skills a person would hand over."""

SKILLS: dict[str, str] = {
    "scaffold": "Scaffold a REST resource: model, schema, service layer and routes. Use when: adding a new resource, "
    "a new endpoint, or generating a service. Not for migrations.",
    "db-migrations": "Write and review database migrations with Alembic: adding columns, indexes, backfilling data.",
    "testing": "How tests are written here with pytest: fixtures, factories, parametrised cases, what not to mock.",
    "frontend-components": "Build React components that match the design system: props, styling with Tailwind, "
    "storybook stories, accessibility.",
    "api-client": "Typed client functions for external HTTP APIs: retries, timeouts, pagination, error mapping.",
    "release": "Cut a release: bump the version, write the changelog entry, tag, publish to PyPI.",
    "pdf": "Read, fill in, merge and split PDF files and forms.",
    "deploy": "Deploy to Kubernetes: Helm charts, secrets, rollbacks. Use when the user asks to deploy or roll back.",
    "logging": "Structured logging: which logger to use, log levels, fields every record carries, redaction.",
    "i18n": "Translations: message catalogs, plural forms, extracting strings with gettext.",
}

TASKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Generate a service for projects", ("scaffold",)),
    ("Add a new REST resource `project` with model, schema and routes", ("scaffold",)),
    ("Add a migration that adds a nullable column phone to the users table", ("db-migrations",)),
    ("Backfill orders.currency with an Alembic migration", ("db-migrations",)),
    ("Write tests for cart.py: empty cart, one item, discounts", ("testing",)),
    ("Add pytest fixtures for the customer factory in tests/conftest.py", ("testing",)),
    ("Create a React component PriceTag that shows a price with its currency", ("frontend-components",)),
    ("Add storybook stories for the Button component", ("frontend-components",)),
    ("Write a client for the GitHub API with pagination and retries", ("api-client",)),
    ("Add client function list_invoices(customer) for the billing HTTP API", ("api-client",)),
    ("Bump the version to 1.4.0 and write the changelog entry", ("release",)),
    ("Merge the two PDF reports into one file", ("pdf",)),
    ("Roll back the deployment of the search service", ("deploy",)),
    ("Log the order id in every structured log record of checkout.py", ("logging",)),
    ("Translate the new strings into German and add plural forms", ("i18n",)),
    ("Fix a typo in the README", ()),
    ("Create slug.py with slugify(text) that lowercases and joins words with dashes", ()),
    ("Fix the intermittent deadlock in worker.py", ()),
    ("Write a function that adds two matrices", ()),
    ("Use the pdf skill to split report.pdf", ("pdf",)),
)
