"""Which address leads where on a micro-site's own host: the micro-site, its looks, and calls of tills."""

from django.urls import path

from regulars import urls
from regulars.api.rpc import view as rpc
from regulars.web import look
from regulars.web.microsite import home
from regulars.web.microsite import urls as microsite

urlpatterns = [
    # A call may come to the bare address here, too (RPC seed).
    path("", rpc.beside(home.home), name="microsite"),
    path("rpc", rpc.rpc, name="rpc"),
    path("rpc/", rpc.rpc),
    *microsite.pages[1:],
    path("look/<str:colour>.css", look.look, name="look"),
    path("look/logo/<slug:digest>.png", look.logo, name="logo"),
    path("look/logo/<slug:digest>-<int:size>.webp", look.logo, name="logo-small"),
    microsite.elsewhere,
]

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
