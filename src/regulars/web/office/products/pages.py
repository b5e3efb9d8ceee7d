"""The part of the table of pages."""

from regulars.web.office.pages import Page
from regulars.web.office.products import categories, skus

_EDIT = "programme.edit"
_FORM, _POST = ("GET", "POST"), ("POST",)

PAGES = (
    Page("products/", "products", skus.listed, _EDIT),
    Page("products/new/", "product-new", skus.new, _EDIT, _FORM),
    Page("products/<int:sku_id>/", "product", skus.edit, _EDIT, _FORM),
    Page("products/<int:sku_id>/archive/", "product-archive", skus.archive, _EDIT, _POST),
    Page("products/<int:sku_id>/delete/", "product-delete", skus.delete, _EDIT, _POST),
    Page("products/archive/", "products-archive", skus.archive_ticked, _EDIT, _POST),
    Page("categories/", "categories", categories.listed, _EDIT),
    Page("categories/new/", "category-new", categories.new, _EDIT, _FORM),
    Page("categories/<int:category_id>/", "category", categories.edit, _EDIT, _FORM),
    Page("categories/<int:category_id>/delete/", "category-delete", categories.delete, _EDIT, _POST),
)
