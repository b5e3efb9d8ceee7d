"""Names for invented customers. First and last names of one community go together."""

from __future__ import annotations

import random
from collections.abc import Sequence

# A community's share of the customers, its first names, its last names.
Community = tuple[int, tuple[str, ...], tuple[str, ...]]


def _community(share: int, first: str, last: str) -> Community:
    return share, tuple(first.split()), tuple(last.split())


BENGALURU: tuple[Community, ...] = (
    _community(
        34,
        "Ananya Bhavana Chaitra Deepa Girish Harsha Kavya Kiran Manjunath Nagesh Namratha Poornima Pradeep "
        "Raghu Ramya Sahana Shashank Shruthi Spoorthi Suhas Sunil Vinay Yashas",
        "Bhat Gowda Hegde Kamath Kulkarni Murthy Nayak Pai Rao Shenoy Shetty Urs",
    ),
    _community(
        18,
        "Aravind Bharath Gayathri Janani Karthik Lavanya Meenakshi Naveen Nithya Praveen Revathi Saravanan "
        "Senthil Sowmya Vidya Vignesh",
        "Balaji Iyengar Iyer Krishnan Natarajan Ramesh Raman Subramaniam Sundaram Venkatesh",
    ),
    _community(
        13,
        "Anusha Chandana Harika Kalyan Keerthi Pavan Ravi Sindhu Sirisha Srinivas Swathi Teja",
        "Chowdary Naidu Prasad Reddy Sastry Varma Yadav",
    ),
    _community(
        10,
        "Anjali Arun Athira Biju Devika Gopika Hari Jayakrishnan Lekha Sreejith Unni Vishnu",
        "Kurup Menon Nair Nambiar Panicker Pillai Warrier",
    ),
    _community(
        12,
        "Aditi Aman Ishita Gaurav Kunal Mansi Neha Nikhil Pooja Rohan Sakshi Siddharth Tanvi Varun",
        "Agarwal Bansal Bhatia Chopra Deshpande Gupta Joshi Kapoor Khanna Malhotra Mehta Patil Shah Verma",
    ),
    _community(
        7,
        "Ayesha Faizan Farah Imtiaz Nadia Rehan Sameer Sana Shabana Tanveer Yusuf Zainab",
        "Ahmed Baig Hussain Khan Mirza Qureshi Sait Shariff Siddiqui",
    ),
    _community(
        6,
        "Alwyn Anita Clara Denzil Jacob Joseph Maria Neil Rachel Ryan Sharon Thomas",
        "Cherian Fernandes Lobo Mathew Mathias Pinto Rodrigues Saldanha Varghese",
    ),
)

LISBON: tuple[Community, ...] = (
    _community(
        1,
        "Afonso Beatriz Carlota Catarina Diogo Duarte Filipa Francisco Gonçalo Helena Inês Joana João Leonor "
        "Luísa Mafalda Margarida Mariana Miguel Nuno Rita Simão Sofia Tiago Tomás Vasco",
        "Almeida Antunes Azevedo Barbosa Cardoso Carvalho Coelho Correia Esteves Figueiredo Fonseca "
        "Gonçalves Leitão Machado Magalhães Matos Moura Neves Nogueira Ramalho Simões Tavares Teixeira Vaz",
    ),
)


def draw_names(rng: random.Random, communities: Sequence[Community], count: int) -> list[str]:
    """`count` different full names, mixed by the communities' shares."""
    shares = [share for share, _, _ in communities]
    names: dict[str, None] = {}
    while len(names) < count:
        ((_, first, last),) = rng.choices(communities, weights=shares)
        names[f"{rng.choice(first)} {rng.choice(last)}"] = None
    return list(names)
