"""The addresses of a micro-site, below where it is: a host of its own, or a part of the installation's."""

from django.urls import path

from regulars.web.microsite import balance, data, entering, history, home, profile, vouchers

# Below a micro-site's address, whatever is no page of it.
elsewhere = path("<path:rest>", home.elsewhere)
pages = [
    path("", home.home, name="microsite"),
    path("terms", home.terms),
    path("sign-in", entering.sign_in),
    path("sign-in/shop", entering.go_on),
    path("sign-out", entering.sign_out),
    path("l/<str:token>", entering.by_link),
    path("vouchers", vouchers.vouchers),
    path("vouchers/<int:voucher_id>", vouchers.choose),
    path("history", history.all_rows),
    path("statement", history.statement),
    path("statement.csv", history.statement_csv),
    path("profile", profile.profile),
    path("profile/messages", profile.messages),
    path("profile/email", profile.email),
    path("password", profile.password),
    path("sessions/<int:session_id>/end", profile.end_session),
    path("data", data.data),
    path("data.json", data.download),
    path("data/erase", data.erase),
    path("balance", balance.balance),
]
urlpatterns = [*pages, elsewhere]
