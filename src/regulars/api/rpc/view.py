"""The door of the RPC dialect: `/` when a call is addressed to it, and `/rpc`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import orjson
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from regulars import db, private
from regulars.api import bodies, calls, forwarded, limits
from regulars.api.rpc import answers, errors, formats, methods, scopes, tree
from regulars.api.rpc.answers import Rendered
from regulars.api.rpc.errors import RpcError
from regulars.api.rpc.method import Caller, Method
from regulars.api.rpc.tree import Call
from regulars.rules.errors import InvalidInput, Refusal
from regulars.tenants import idempotency
from regulars.tenants.identity import Identity, check_open, identify
from regulars.tenants.scopes import SETTINGS, require

log = structlog.get_logger(__name__)

# How far a caller's clock may be off.
CLOCKS_DIFFER = dt.timedelta(minutes=15)
PATHS = ("/rpc", "/rpc/")

_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_NOT_WHAT = ("api_format", "idempotency_key")  # options that do not change what a call does

View = Callable[[HttpRequest], HttpResponseBase]


def beside(page: View) -> View:
    """A view for an address that a page and the dialect share."""

    def shared(request: HttpRequest) -> HttpResponseBase:
        return rpc(request) if tree.is_call(request) else page(request)

    return shared


def rpc(request: HttpRequest) -> HttpResponseBase:
    """Answer a call. Results and errors alike have status 200; only 429 and 5xx stand for themselves."""
    request.is_call = True  # type: ignore[attr-defined] # its answer is for a program
    visit = _Visit(request)
    try:
        response = visit.answer()
    except Refusal as refusal:
        response = visit.refuse(errors.to_error(refusal))
    except RpcError as error:
        response = visit.refuse(error)
    except (OperationalError, InterfaceError, OSError) as error:
        log.error("database or disk does not answer", error=str(error).strip())  # noqa: TRY400 - an outage
        response = visit.fail(HTTPStatus.SERVICE_UNAVAILABLE)
    except Exception:
        log.exception("unexpected error", path=request.path, method=visit.call.method)
        response = visit.fail(HTTPStatus.INTERNAL_SERVER_ERROR)
    calls.mark_method(request, visit.call.method)
    return _completed(request, response)


def in_its_shape(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response itself, or in the dialect's shape an error that a call was answered before its view."""
    kinds = answers.CONTENT_TYPES.values()
    if response.status_code < HTTPStatus.BAD_REQUEST or response.get("Content-Type", "") in kinds:
        return response
    if request.path_info not in PATHS and not (request.path_info == "/" and tree.is_call(request)):
        return response
    visit = _Visit(request)
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _completed(request, visit.fail(HTTPStatus(response.status_code)))
    error = errors.bad_value("Host", "must be a name that this server answers for")
    return _completed(request, visit.refuse(error))


class _Visit:
    """One request on its way through the door."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.call = Call("", "", "")
        self.identity: Identity | None = None

    def answer(self) -> HttpResponse | StreamingHttpResponse:
        """The answer to a call that may be carried out; everything else is raised."""
        problem = self._read()
        if not forwarded.may_pass(self.request.META):
            raise RpcError(errors.NOT_HTTPS, "Not sent via SSL/https connection")
        if problem is not None and not self.call.api_key:
            raise problem
        self._identify()
        if problem is not None:
            raise problem
        formats.check(self.call.options.get("api_format"))
        _check_time(self.call.api_time)
        method = _method(self.call.method)
        self._check_scope(method)
        rendered, replayed = self._carry_out(method)
        response = _respond(rendered, self._format())
        if replayed:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    def refuse(self, error: RpcError) -> HttpResponse:
        """An error as an answer. Without a valid key it counts for the address."""
        if self.identity is None and not (allowance := limits.take_anonymous(self.request)).allowed:
            error = RpcError(
                errors.TOO_MANY,
                "Too many calls without a valid API key. Check the key and try again in "
                f"{allowance.retry_after} s.",
            )
        too_many = error.code == errors.TOO_MANY
        response = self._error(HTTPStatus.TOO_MANY_REQUESTS if too_many else HTTPStatus.OK, error)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    def fail(self, status: HTTPStatus) -> HttpResponse:
        """A fault of ours as an answer."""
        text = (
            "The service cannot answer right now. Please try again shortly."
            if status == HTTPStatus.SERVICE_UNAVAILABLE
            else "Something went wrong on our side. Nothing was changed; please try again."
        )
        response = self._error(status, RpcError(errors.FAULT, text))
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = "1"
        return response

    def _error(self, status: HTTPStatus, error: RpcError) -> HttpResponse:
        form = self._format()
        body = answers.error(form, error.code, error.message)
        response = HttpResponse(body, status=status, content_type=answers.CONTENT_TYPES[form])
        response.headers["Content-Length"] = str(len(body))
        calls.mark_error(response, error.code)
        return response

    def _format(self) -> str:
        usual = self.identity.rpc_format if self.identity else None
        return formats.choose(self.request, self.call.options.get("api_format"), usual)

    def _read(self) -> RpcError | None:
        """Read the call as far as it can be read; what is wrong with it."""
        found: dict[tree.Path, str] = {}
        try:
            if self.request.method not in {"GET", "POST"}:
                raise errors.bad_value("The HTTP method", "must be GET or POST")
            bodies.check_size(self.request)
            tree.read(self.request, found)
        except RpcError as error:
            return error
        except InvalidInput as refusal:
            return errors.to_error(refusal)
        finally:
            self.call = tree.call_of(found)
        return None

    def _identify(self) -> None:
        key = self.call.api_key
        self.identity = identify(key) if key else None
        if self.identity is None:
            problem = "is unknown or was revoked" if key else "is required"
            raise RpcError(errors.BAD_KEY, f"global[api_key] {problem}")
        allowance = limits.take(self.request, self.identity)
        if not allowance.allowed:
            raise RpcError(
                errors.TOO_MANY,
                f"The limit of {allowance.limit} calls a minute is used up. "
                f"Try again in {allowance.retry_after} s.",
            )
        check_open(self.identity)

    def _check_scope(self, method: Method) -> None:
        if self.identity is not None and self.identity.scopes:
            scope = scopes.NEEDED.get(method.name, SETTINGS)
            if scope:
                require(self.identity, scope)

    def _carry_out(self, method: Method) -> tuple[Rendered, bool]:
        """The answer, and whether it is the one that was given before."""
        # A row that this refers to may be deleted at the same moment: then nothing is written, and it looks
        # again.
        return db.unless_overtaken(lambda: self._once(method), vanishing=True)

    def _once(self, method: Method) -> tuple[Rendered, bool]:
        who, form = _caller(self.identity), self._format()
        key = self.call.options.get("idempotency_key") if method.write else None
        if key is None:
            return answers.render(method.run(who, self.call), form, _folder), False
        idempotency.prepare(key)
        hashed = _hash(self.call)
        # A refusal rolls back and keeps nothing: after mending its cause the same key may be used again.
        with transaction.atomic():
            before = idempotency.claim(business_id=who.business_id, key=key, hashed=hashed)
            text = answers.stored(method.run(who, self.call)) if before is None else before.body
            if before is None:
                idempotency.keep(
                    business_id=who.business_id, key=key, hashed=hashed, status=HTTPStatus.OK, body=text
                )
        return answers.render(answers.restored(text), form, _folder), before is not None


def _caller(identity: Identity | None) -> Caller:
    if identity is None:
        raise TypeError("a call is carried out for somebody")
    return Caller(
        business_id=identity.business_id,
        timezone=identity.timezone,
        currency=identity.currency,
        country=identity.country,
        key_id=identity.key_id,
        plan=identity.plan,
    )


def _check_time(text: str) -> None:
    now = timezone.now()
    server = f"The server has {now:%Y-%m-%d %H:%M:%S} GMT"
    if not text:
        raise RpcError(errors.BAD_TIME, f"global[api_time] is required. {server}")
    try:
        told = dt.datetime.fromisoformat(text if _TIME.fullmatch(text) else "").replace(tzinfo=dt.UTC)
    except ValueError:
        problem = f"global[api_time] must be GMT, written YYYY-MM-DD HH:MM:SS. {server}"
        raise RpcError(errors.BAD_TIME, problem) from None
    if abs(told - now) > CLOCKS_DIFFER:
        raise RpcError(errors.BAD_TIME, f"global[api_time] is more than 15 minutes off. {server}")


def _method(name: str) -> Method:
    if not name:
        raise errors.missing("global[api_method]")
    method = methods.METHODS.get(name)
    if method is None:
        raise RpcError(errors.UNKNOWN_METHOD, f"There is no method {name[:64]}")
    return method


def _hash(call: Call) -> str:
    """What makes two calls the same: not when they were sent, by which key, or how they are answered."""
    options = {name: value for name, value in call.options.items() if name not in _NOT_WHAT}
    what = orjson.dumps([call.fields, options], option=orjson.OPT_SORT_KEYS)
    return idempotency.request_hash(b"rpc", call.method.encode(), what)


def _folder() -> Path:
    """Where answers lie until they are sent: on the disk of the data, as a temporary folder may be memory."""
    return private.folder(settings.REGULARS_DATA_DIR / "run")


def _respond(rendered: Rendered, form: str) -> HttpResponse | StreamingHttpResponse:
    kind = answers.CONTENT_TYPES[form]
    response = (
        HttpResponse(rendered.head, content_type=kind)
        if rendered.rows is None
        else StreamingHttpResponse(rendered, content_type=kind)
    )
    response.headers["Content-Length"] = str(rendered.length)
    return response


def _completed(request: HttpRequest, response: HttpResponse | StreamingHttpResponse) -> HttpResponseBase:
    limits.add_headers(request, response)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
