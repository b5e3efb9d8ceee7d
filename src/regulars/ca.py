"""The certificate that a phone installs once to trust this installation's own HTTPS."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def ca_certificate(request: HttpRequest) -> HttpResponse:
    """The authority's certificate, public by nature; 404 when this installation has none."""
    try:
        certificate = (settings.REGULARS_DATA_DIR / "tls" / "ca.crt").read_bytes()
    except FileNotFoundError:
        raise Http404("This installation has no certificate authority of its own.") from None
    return HttpResponse(certificate, content_type="application/x-x509-ca-cert")
